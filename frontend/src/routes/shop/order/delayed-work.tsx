/** What could not be done for an order yet: somebody does not answer, and it is tried again by itself. */
import { Hourglass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Facts } from "../../../components/facts";
import { Notice } from "../../../components/notice";
import { FullTime } from "../../../components/time";
import { type FragmentOf, graphql, readFragment } from "../../../gql/graphql";
import { humanize } from "../../../lib/humanize";
import { useNow } from "../../../lib/live";
import { sentence } from "../../../lib/sentence";

export const DelayedWorkFields = graphql(`
  fragment DelayedWorkFields on DelayedWork {
    id
    name
    reason
    since
    nextTryAt
  }
`);

type Work = FragmentOf<typeof DelayedWorkFields>;

export function DelayedWork({ work }: { work: Work[] }) {
  const { t } = useTranslation();
  const now = useNow();
  if (work.length === 0) return null;
  return (
    <Notice tone="warn" icon={<Hourglass size={18} />} title={t("order.delayed")}>
      {readFragment(DelayedWorkFields, work).map(({ id, name, reason, since, nextTryAt }) => (
        <div key={id}>
          <span>{t("order.delayedWork", { work: humanize(name), why: sentence(reason) })}</span>
          <Facts
            facts={[
              [t("order.delayedSince"), <FullTime key="since" at={since} />],
              [
                t("suppliers.outageNextTry"),
                nextTryAt && new Date(nextTryAt) > now ? (
                  <FullTime key="next" at={nextTryAt} />
                ) : (
                  t("suppliers.outageAnyMoment")
                ),
              ],
            ]}
          />
        </div>
      ))}
    </Notice>
  );
}
