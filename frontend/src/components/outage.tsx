/** A supplier whose system does not answer: since when, why, and what happens next. */
import { Unplug } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type FragmentOf, graphql, readFragment } from "../gql/graphql";
import { useNow } from "../lib/live";
import { Facts } from "./facts";
import { Notice } from "./notice";
import { StatusBadge } from "./status-badge";
import { FullTime } from "./time";

export const OutageFields = graphql(`
  fragment OutageFields on Outage {
    since
    reason
    nextTryAt
  }
`);

type Outage = FragmentOf<typeof OutageFields>;

/** For a list; the supplier's own page says more. */
export function OutageBadge() {
  const { t } = useTranslation();
  return <StatusBadge tone="bad">{t("suppliers.outage")}</StatusBadge>;
}

export function OutageNotice({ name, outage }: { name: string; outage: Outage }) {
  const { t } = useTranslation();
  const now = useNow();
  const { since, reason, nextTryAt } = readFragment(OutageFields, outage);
  const isAhead = new Date(nextTryAt) > now;
  return (
    <Notice tone="bad" icon={<Unplug size={18} />} title={t("suppliers.outage")}>
      <span>{t("suppliers.outageMeans", { name })}</span>
      <Facts
        facts={[
          [t("suppliers.outageSince"), <FullTime key="since" at={since} />],
          [
            t("suppliers.outageNextTry"),
            isAhead ? <FullTime key="next" at={nextTryAt} /> : t("suppliers.outageAnyMoment"),
          ],
          [t("suppliers.outageReason"), reason],
        ]}
      />
    </Notice>
  );
}
