/** Orders as rows; also used where a page shows only the newest. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { RowsSkeleton } from "../../../components/feedback";
import { ROW_LINK } from "../../../components/keyboard";
import { MoneyText } from "../../../components/money";
import { OrderStatusBadge } from "../../../components/statuses";
import { RelativeTime } from "../../../components/time";
import type { ResultOf } from "../../../gql/graphql";
import type { OrderRow } from "./query";

type Row = ResultOf<typeof OrderRow>;

export function OrderTable({ orders }: { orders: readonly Row[] }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("orders.title")}
      linked
      rows={orders}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "name",
          header: t("orders.order"),
          cell: ({ id, name }) => (
            <Link to="/orders/$id" params={{ id }} className={tableClasses.rowLink} {...ROW_LINK}>
              {name}
            </Link>
          ),
        },
        {
          key: "status",
          header: t("orders.status"),
          cell: ({ status }) => <OrderStatusBadge status={status} />,
        },
        {
          key: "customer",
          header: t("orders.shipTo"),
          wide: true,
          cell: ({ shipTo }) =>
            shipTo ? (
              <>
                {shipTo.name}{" "}
                <span className={tableClasses.muted}>
                  {[shipTo.city, shipTo.countryCode].filter(Boolean).join(", ")}
                </span>
              </>
            ) : (
              <span className={tableClasses.muted}>{t("orders.noAddress")}</span>
            ),
        },
        {
          key: "items",
          header: t("orders.items"),
          wide: true,
          cell: ({ lines }) => <span className={tableClasses.muted}>{summary(lines)}</span>,
        },
        {
          key: "created",
          header: t("orders.created"),
          cell: ({ createdAt }) => (
            <span className={tableClasses.muted}>
              <RelativeTime at={createdAt} />
            </span>
          ),
        },
        {
          key: "total",
          header: t("orders.total"),
          number: true,
          cell: ({ total }) => <MoneyText money={total} />,
        },
      ]}
    />
  );
}

function summary(lines: Row["lines"]): string {
  const [first, second, ...rest] = lines.map(({ quantity, title }) => `${quantity} × ${title}`);
  return [first, second, rest.length > 0 ? `+${rest.length}` : undefined]
    .filter(Boolean)
    .join(", ");
}

OrderTable.Skeleton = () => <RowsSkeleton rows={9} />;
