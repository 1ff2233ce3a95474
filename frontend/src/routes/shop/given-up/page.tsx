/** Given up: work that failed until its last try, and deliveries that led nowhere. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheckBig, MailCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { Section } from "../../../components/section";
import { EVERY, useLive } from "../../../lib/live";
import { DeliveryCard } from "./delivery-card";
import { JobCard } from "./job-card";
import { DeadJobsQuery, LostDeliveriesQuery } from "./query";

const PAGE_SIZE = 25;

export function GivenUp() {
  const { t } = useTranslation();
  return (
    <Page title={t("givenUp.title")} intro={t("givenUp.intro")}>
      <Jobs />
      <Deliveries />
    </Page>
  );
}

function Jobs() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/given-up" });
  const navigate = useNavigate({ from: "/given-up" });
  const live = useLive(
    {
      query: DeadJobsQuery,
      variables: { first: PAGE_SIZE, after: search.jobs ?? null },
      context: ALSO_WHEN_NO_JOBS,
    },
    EVERY.busy,
  );
  return (
    <>
      <Section title={t("givenUp.jobs")} intro={t("givenUp.jobsWhy")} flush>
        <Loaded live={live} skeleton={<RowsSkeleton rows={3} />}>
          {({ deadJobs }) => (
            <div>
              {deadJobs.nodes.map((job) => (
                <JobCard key={job.id} job={job} />
              ))}
              {deadJobs.nodes.length === 0 && (
                <Empty icon={<CircleCheckBig />} title={t("givenUp.noJobs")}>
                  {t("givenUp.noJobsWhy")}
                </Empty>
              )}
            </div>
          )}
        </Loaded>
      </Section>
      {live.data && (
        <Pager
          pageInfo={live.data.deadJobs.pageInfo}
          after={search.jobs}
          go={(jobs) => void navigate({ search: { ...search, jobs } })}
        />
      )}
    </>
  );
}

function Deliveries() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/given-up" });
  const navigate = useNavigate({ from: "/given-up" });
  const live = useLive(
    {
      query: LostDeliveriesQuery,
      variables: { first: PAGE_SIZE, after: search.deliveries ?? null },
      context: ALSO_WHEN_NO_DELIVERIES,
    },
    EVERY.calm,
  );
  return (
    <>
      <Section title={t("givenUp.deliveries")} intro={t("givenUp.deliveriesWhy")} flush>
        <Loaded live={live} skeleton={<RowsSkeleton rows={3} />}>
          {({ lostDeliveries }) => (
            <div>
              {lostDeliveries.nodes.map((delivery) => (
                <DeliveryCard key={delivery.id} delivery={delivery} />
              ))}
              {lostDeliveries.nodes.length === 0 && (
                <Empty icon={<MailCheck />} title={t("givenUp.noDeliveries")} />
              )}
            </div>
          )}
        </Loaded>
      </Section>
      {live.data && (
        <Pager
          pageInfo={live.data.lostDeliveries.pageInfo}
          after={search.deliveries}
          go={(deliveries) => void navigate({ search: { ...search, deliveries } })}
        />
      )}
    </>
  );
}

/** An empty list names no type, and the answers name none either: say which changes concern it. */
const ALSO_WHEN_NO_JOBS = { additionalTypenames: ["DeadJob", "DeadJobPayload"] };
const ALSO_WHEN_NO_DELIVERIES = {
  additionalTypenames: ["LostDelivery", "ReplayDeliveryPayload"],
};
