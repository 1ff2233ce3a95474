// biome-ignore-all lint/a11y/noRedundantRoles: the phone layout takes the roles of tables away
/**
 * A list as a table: named for screen readers, rows that open with one click, and
 * on a phone the same cells stacked. Display changes drop table roles in browsers,
 * so the roles are written out.
 */
import clsx from "clsx";
import type { ReactNode } from "react";
import classes from "./table.module.css";

export interface Column<Row> {
  key: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Right-aligned digits. */
  number?: boolean;
  /** At the end of the row: buttons. */
  end?: boolean;
  /** On a phone the cell takes a line of its own. */
  wide?: boolean;
  /** The same, with its header before it: a number that says nothing by itself. */
  named?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** The first cell holds a `rowLink`: the whole row opens it. */
  linked?: boolean;
}

export function DataTable<Row>({ label, columns, rows, rowKey, linked }: DataTableProps<Row>) {
  return (
    <div className={classes.scroll}>
      <table
        role="table"
        aria-label={label}
        className={clsx(classes.table, linked && classes.linked)}
      >
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ key, header, number, end }) => (
              <th
                key={key}
                scope="col"
                role="columnheader"
                className={clsx(number && classes.number, end && classes.end)}
              >
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row" key={rowKey(row)}>
              {columns.map(({ key, header, cell, number, end, wide, named }) => (
                <td
                  key={key}
                  role="cell"
                  data-label={named ? header : undefined}
                  className={clsx(
                    number && classes.number,
                    end && classes.end,
                    wide && classes.wide,
                    named && classes.named,
                  )}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export const tableClasses = classes;
