/** What a plan costs: each supplier's part, what units cost by themselves, the second best. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { MoneyText } from "../../../components/money";
import { type EnumOf, type FragmentOf, graphql, readFragment } from "../../../gql/graphql";
import { formatCount, formatMoney, MoneyFields } from "../../../lib/format";
import classes from "./costs.module.css";

export const LandedFields = graphql(
  `
    fragment LandedFields on LandedCost {
      total {
        ...MoneyFields
      }
      preferences {
        amountMinor
        ...MoneyFields
      }
      aim {
        aim
        amount
      }
      gap {
        amountMinor
        ...MoneyFields
      }
      aimGap {
        aim
        amount
      }
      suppliers {
        supplierName
        parcels
        weightG
        goods {
          ...MoneyFields
        }
        duties {
          ...MoneyFields
        }
        fees {
          ...MoneyFields
        }
        shipping {
          ...MoneyFields
        }
      }
      rates {
        from
        to
        rate
        on
      }
    }
  `,
  [MoneyFields],
);

export const CostPartsFields = graphql(
  `
    fragment CostPartsFields on PlanCostParts {
      units
      days
      goods {
        ...MoneyFields
      }
      duties {
        amountMinor
        ...MoneyFields
      }
      fees {
        ...MoneyFields
      }
      shipping {
        ...MoneyFields
      }
    }
  `,
  [MoneyFields],
);

export const RunnerUpFields = graphql(
  `
    fragment RunnerUpFields on PlanRunnerUp {
      summary
      proven
      more {
        amountMinor
        ...MoneyFields
      }
      preferences {
        amountMinor
        ...MoneyFields
      }
      aim {
        aim
        amount
      }
      toWin {
        sku
        supplierName
        by {
          ...MoneyFields
        }
      }
    }
  `,
  [MoneyFields],
);

const isZero = (minor: unknown) => String(minor) === "0";
const isAbove = (minor: unknown) => !isZero(minor) && !String(minor).startsWith("-");

/** Basis points added up over pieces are told as per cent of one piece. */
const counted = ({ aim, amount }: { aim: EnumOf<"RoutingAim">; amount: number }) =>
  aim === "ABOVE_SHARE" ? Math.round(amount / 100) : amount;

export function LandedCost({ landed: masked }: { landed: FragmentOf<typeof LandedFields> }) {
  const { t } = useTranslation();
  const landed = readFragment(LandedFields, masked);
  const withDuties = landed.suppliers.some((supplier) => supplier.duties);
  return (
    <div className={classes.landed}>
      {/* A region that scrolls sideways on narrow screens needs the keyboard too. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section className={classes.scroll} aria-label={t("landed.title")} tabIndex={0}>
        <table className={classes.table}>
          <caption>{t("landed.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("landed.supplier")}</th>
              <th scope="col">{t("landed.parcels")}</th>
              <th scope="col">{t("landed.goods")}</th>
              {withDuties && <th scope="col">{t("landed.duties")}</th>}
              <th scope="col">{t("landed.fees")}</th>
              <th scope="col">{t("landed.shipping")}</th>
            </tr>
          </thead>
          <tbody>
            {landed.suppliers.map((supplier) => (
              <tr key={supplier.supplierName}>
                <th scope="row">{supplier.supplierName}</th>
                <td>
                  {t("landed.parcelsOf", {
                    count: supplier.parcels,
                    grams: formatCount(supplier.weightG),
                  })}
                </td>
                <td>
                  <MoneyText money={supplier.goods} />
                </td>
                {withDuties && <td>{supplier.duties && <MoneyText money={supplier.duties} />}</td>}
                <td>
                  <MoneyText money={supplier.fees} />
                </td>
                <td>
                  <MoneyText money={supplier.shipping} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Text size="sm">
        <strong>
          {t("landed.total")} <MoneyText money={landed.total} />
        </strong>
        {landed.aim && <> · {t(`aim.has.${landed.aim.aim}`, { count: counted(landed.aim) })}</>}
        {!isZero(landed.preferences.amountMinor) && (
          <> · {t("landed.preferences", { amount: formatMoney(landed.preferences) })}</>
        )}
        {" · "}
        {landed.aimGap
          ? t(`aim.gap.${landed.aimGap.aim}`, { count: counted(landed.aimGap) })
          : isZero(landed.gap.amountMinor)
            ? t("landed.proven")
            : t("landed.gap", { amount: formatMoney(landed.gap) })}
      </Text>
      {landed.rates.map((rate) => (
        <Text size="sm" c="dimmed" key={`${rate.from} ${rate.to}`}>
          {t("landed.rate", rate)}
        </Text>
      ))}
    </div>
  );
}

export function CostParts({ parts: masked }: { parts: FragmentOf<typeof CostPartsFields> }) {
  const { t } = useTranslation();
  const parts = readFragment(CostPartsFields, masked);
  const each = [
    t("parts.goods", { amount: formatMoney(parts.goods) }),
    ...(isZero(parts.duties.amountMinor)
      ? []
      : [t("parts.duties", { amount: formatMoney(parts.duties) })]),
    t("parts.fees", { amount: formatMoney(parts.fees) }),
    t("parts.shipping", { amount: formatMoney(parts.shipping) }),
    t("parts.days", { count: parts.days }),
  ];
  return (
    <Text size="sm" c="dimmed" mt={4}>
      {t("parts.alone", { count: parts.units })} {each.join(" · ")}
    </Text>
  );
}

export function RunnerUp({ second: masked }: { second: FragmentOf<typeof RunnerUpFields> }) {
  const { t } = useTranslation();
  const second = readFragment(RunnerUpFields, masked);
  const best = t(second.proven ? "runnerUp.best" : "runnerUp.found");
  return (
    <Text size="sm" mt={4}>
      {String(second.more.amountMinor).startsWith("-")
        ? t(second.aim ? "runnerUp.cheaper" : "runnerUp.less", {
            best,
            summary: second.summary,
            less: formatMoney(second.more).replace("-", ""),
          })
        : t("runnerUp.is", { best, summary: second.summary, more: formatMoney(second.more) })}{" "}
      {second.aim && second.aim.amount > 0 && (
        <>{t(`aim.more.${second.aim.aim}`, { count: counted(second.aim) })} </>
      )}
      {isAbove(second.preferences.amountMinor) && (
        <>{t("runnerUp.preferences", { amount: formatMoney(second.preferences) })} </>
      )}
      {second.toWin
        ? t("runnerUp.toWin", {
            sku: second.toWin.sku,
            supplier: second.toWin.supplierName,
            by: formatMoney(second.toWin.by),
          })
        : t("runnerUp.never")}
    </Text>
  );
}
