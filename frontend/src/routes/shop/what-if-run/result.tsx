/** Both sides beside each other: costs, parcels, days, and who ships what. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { MoneyText } from "../../../components/money";
import { Section } from "../../../components/section";
import { formatChange, formatCount, formatDifference, formatNumber } from "../../../lib/format";
import type { Run } from "./page";
import { SharesChart } from "./shares-chart";
import classes from "./what-if-run.module.css";

export function Result({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { live, draft } = run;
  const count = (of: (side: Run["live"]) => number) => ({
    live: formatCount(of(live)),
    draft: formatCount(of(draft)),
    change: formatChange(of(draft) - of(live), 0),
  });
  const rows = [
    {
      name: t("whatIf.strategy"),
      live: t(`strategy.${live.strategy}`),
      draft: t(`strategy.${draft.strategy}`),
      change: "",
    },
    {
      name: t("whatIf.cost"),
      live: <MoneyText money={live.cost} />,
      draft: <MoneyText money={draft.cost} />,
      change: formatDifference(live.cost, draft.cost),
    },
    { name: t("whatIf.parcels"), ...count(({ parcels }) => parcels) },
    {
      name: t("whatIf.days"),
      live: days(live.days),
      draft: days(draft.days),
      change:
        live.days === null || draft.days === null ? "" : formatChange(draft.days - live.days, 1),
    },
    { name: t("whatIf.short"), ...count(({ ordersShort }) => ordersShort) },
    { name: t("whatIf.unpriced"), ...count(({ ordersUnpriced }) => ordersUnpriced) },
  ];
  return (
    <Section
      title={t("whatIf.result")}
      intro={t("whatIf.resultOf", {
        changed: formatCount(run.ordersChanged),
        all: formatCount(run.ordersCompared),
      })}
    >
      {run.cutOff && (
        <Text size="sm" px="md" pt="sm">
          {t("whatIf.cutOff", { count: run.ordersSeen })}
        </Text>
      )}
      {run.draftRulesNeverInForce.length > 0 && (
        <Text size="sm" px="md" pt="sm">
          {t("whatIf.neverInForce", {
            count: run.draftRulesNeverInForce.length,
            rules: run.draftRulesNeverInForce.map((name) => `“${name}”`).join(", "),
          })}
        </Text>
      )}
      <div className={classes.result}>
        {/* A region that scrolls sideways on narrow screens needs the keyboard too. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <section className={classes.scroll} aria-label={t("whatIf.sides")} tabIndex={0}>
          <table className={classes.table}>
            <caption>{t("whatIf.pricedOf", { count: run.ordersPriced })}</caption>
            <thead>
              <tr>
                <th scope="col">
                  <span className={classes.hidden}>{t("whatIf.measure")}</span>
                </th>
                <th scope="col">{t("whatIf.live")}</th>
                <th scope="col">{t("whatIf.draftSide")}</th>
                <th scope="col">{t("whatIf.difference")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, live, draft, change }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{live}</td>
                  <td>{draft}</td>
                  <td className="tabular">{change}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        {run.suppliers.length > 0 ? (
          <SharesChart run={run} />
        ) : (
          <Text size="sm" c="dimmed">
            {t("whatIf.nobodyShips")}
          </Text>
        )}
      </div>
    </Section>
  );
}

const days = (average: number | null) => (average === null ? "–" : formatNumber(average, 1));
