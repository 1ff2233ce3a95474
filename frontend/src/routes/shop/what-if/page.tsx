/** Trying a draft of the routing on past orders, and the comparisons that there were. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Scale } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { Card, Section } from "../../../components/section";
import { EVERY, useLive } from "../../../lib/live";
import { useAllSuppliers } from "../all-suppliers";
import { DraftForm } from "./draft-form";
import { EarlierDraftQuery, LiveRoutingQuery, MoreSuppliersToDraft, RunsQuery } from "./query";
import { RunTable } from "./runs";

const PAGE_SIZE = 10;

export function WhatIf() {
  const { t } = useTranslation();
  const { from } = useSearch({ from: "/shop/what-if" });
  // Once: a draft under somebody's hands does not change by itself.
  const live = useAllSuppliers(useLive({ query: LiveRoutingQuery }), MoreSuppliersToDraft);
  const [earlier] = useQuery({
    query: EarlierDraftQuery,
    variables: { id: from ?? "" },
    pause: !from,
  });
  return (
    <Page title={t("whatIf.title")} intro={t("whatIf.intro")}>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={8} />
          </Card>
        }
      >
        {(data) =>
          from && earlier.fetching && !earlier.data ? (
            <Card>
              <RowsSkeleton rows={8} />
            </Card>
          ) : (
            <DraftForm
              key={earlier.data?.whatIfRun?.id ?? ""}
              live={data}
              earlier={earlier.data?.whatIfRun ?? undefined}
            />
          )
        }
      </Loaded>
      <Runs />
    </Page>
  );
}

const LIST = { additionalTypenames: ["WhatIfRun", "WhatIfPayload"] };

function Runs() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/what-if" });
  const navigate = useNavigate({ from: "/what-if" });
  const variables = { first: PAGE_SIZE, after: search.after ?? null };
  const live = useLive({ query: RunsQuery, variables, context: LIST }, EVERY.busy);
  return (
    <Section title={t("whatIf.runs")} flush>
      <Loaded live={live} skeleton={<RowsSkeleton rows={3} />}>
        {({ whatIfRuns: { nodes, pageInfo } }) => (
          <>
            {nodes.length > 0 ? (
              <RunTable runs={nodes} />
            ) : (
              <Empty icon={<Scale />} title={t("whatIf.noRuns")}>
                {t("whatIf.noRunsWhy")}
              </Empty>
            )}
            <Pager
              pageInfo={pageInfo}
              after={search.after}
              go={(after) => void navigate({ search: { ...search, after } })}
            />
          </>
        )}
      </Loaded>
    </Section>
  );
}
