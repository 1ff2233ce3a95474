// biome-ignore-all lint/a11y/noRedundantRoles: the phone layout takes the roles of tables away
/** Suppliers' shares of the pieces on both sides, as bars and as the same numbers in a table. */
import clsx from "clsx";
import { useTranslation } from "react-i18next";
import { MoneyText } from "../../../components/money";
import { formatCount, formatNumber } from "../../../lib/format";
import type { Run } from "./page";
import classes from "./what-if-run.module.css";

const ROW = 58;

export function SharesChart({ run }: { run: Run }) {
  const { t } = useTranslation();
  const rows = run.suppliers
    .map(({ supplier, live, draft }) => ({
      name: supplier?.name ?? t("whatIf.goneSupplier"),
      key: supplier?.id ?? "",
      live,
      draft,
    }))
    .sort(
      (one, other) => other.live.pieces + other.draft.pieces - one.live.pieces - one.draft.pieces,
    );
  const percent = (share: number) => t("whatIf.percent", { share: formatNumber(share, 1) });
  const summary = rows
    .map(({ name, live, draft }) =>
      t("whatIf.shareOf", { name, live: percent(live.percent), draft: percent(draft.percent) }),
    )
    .join("; ");
  return (
    <figure className={classes.chart}>
      <figcaption>
        <span>{t("whatIf.shares")}</span>
        <span className={classes.legend} aria-hidden="true">
          <span className={classes.liveKey}>{t("whatIf.live")}</span>
          <span className={classes.draftKey}>{t("whatIf.draftSide")}</span>
        </span>
      </figcaption>
      {/* Without a view box: bars grow with the page, letters and lines do not. */}
      <svg
        role="img"
        aria-label={t("whatIf.chart", { shares: summary })}
        width="100%"
        height={rows.length * ROW}
      >
        {rows.map(({ name, key, live, draft }, index) => (
          <g key={key} transform={`translate(0 ${index * ROW})`}>
            <text x="0" y="15" className={classes.name}>
              {name}
            </text>
            <text x="100%" y="15" textAnchor="end" className={classes.shares}>
              {percent(live.percent)} → {percent(draft.percent)}
            </text>
            <rect x="0" y="23" width="100%" height="11" rx="3" className={classes.track} />
            <rect
              x="0"
              y="23"
              width={`${live.percent}%`}
              height="11"
              rx="3"
              className={classes.liveBar}
            />
            <rect x="0" y="37" width="100%" height="11" rx="3" className={classes.track} />
            <rect
              x="0"
              y="37"
              width={`${draft.percent}%`}
              height="11"
              rx="3"
              className={classes.draftBar}
            />
          </g>
        ))}
      </svg>
      <PartsTable rows={rows} />
    </figure>
  );
}

interface Part {
  name: string;
  key: string;
  live: Run["suppliers"][number]["live"];
  draft: Run["suppliers"][number]["draft"];
}

/** On a phone each supplier's numbers stack under its name. */
function PartsTable({ rows }: { rows: readonly Part[] }) {
  const { t } = useTranslation();
  const columns = [
    { label: t("whatIf.livePieces"), cell: ({ live }: Part) => formatCount(live.pieces) },
    { label: t("whatIf.draftPieces"), cell: ({ draft }: Part) => formatCount(draft.pieces) },
    { label: t("whatIf.liveCost"), cell: ({ live }: Part) => <MoneyText money={live.cost} /> },
    { label: t("whatIf.draftCost"), cell: ({ draft }: Part) => <MoneyText money={draft.cost} /> },
  ];
  return (
    <table
      role="table"
      aria-label={t("whatIf.sharesTable")}
      className={clsx(classes.table, classes.parts)}
    >
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">
            {t("whatIf.supplier")}
          </th>
          {columns.map(({ label }) => (
            <th key={label} scope="col" role="columnheader">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={row.key}>
            <th scope="row" role="rowheader">
              {row.name}
            </th>
            {columns.map(({ label, cell }) => (
              <td key={label} role="cell" data-label={label}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
