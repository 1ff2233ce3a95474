/** Suppliers' shares of the pieces on both sides, as bars and as the same numbers in a table. */
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section className={classes.scroll} aria-label={t("whatIf.sharesTable")} tabIndex={0}>
        <table className={classes.table}>
          <caption className={classes.hidden}>{t("whatIf.sharesTable")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("whatIf.supplier")}</th>
              <th scope="col">{t("whatIf.livePieces")}</th>
              <th scope="col">{t("whatIf.draftPieces")}</th>
              <th scope="col">{t("whatIf.liveCost")}</th>
              <th scope="col">{t("whatIf.draftCost")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, key, live, draft }) => (
              <tr key={key}>
                <th scope="row">{name}</th>
                <td>{formatCount(live.pieces)}</td>
                <td>{formatCount(draft.pieces)}</td>
                <td>
                  <MoneyText money={live.cost} />
                </td>
                <td>
                  <MoneyText money={draft.cost} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </figure>
  );
}
