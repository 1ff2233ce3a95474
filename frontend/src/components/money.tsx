import type { FragmentOf } from "../gql/graphql";
import { formatMoney, type MoneyFields } from "../lib/format";

/** An amount with its currency, in digits of equal width. */
export function MoneyText({ money }: { money: FragmentOf<typeof MoneyFields> }) {
  return <span className="tabular">{formatMoney(money)}</span>;
}
