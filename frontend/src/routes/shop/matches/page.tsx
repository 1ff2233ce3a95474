/** Offers that may be unmapped variants, found by their codes: looked at, then accepted or refused. */
import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Link2, ScanSearch } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { BackLink } from "../../../components/back-link";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { Card } from "../../../components/section";
import { RelativeTime } from "../../../components/time";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { EVERY, useLive } from "../../../lib/live";
import { tell, tellFailure } from "../../../lib/tell";
import {
  AcceptCertainMatches,
  AcceptMatches,
  MatchesQuery,
  MatchStateQuery,
  MatchVariants,
  RefuseMatches,
} from "./query";
import { MatchTable } from "./table";

const PAGE_SIZE = 25;

export function Matches() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/mappings/matches" });
  const navigate = useNavigate({ from: "/mappings/matches" });
  const state = useLive({ query: MatchStateQuery, context: STATE }, EVERY.busy);
  const certain = search.show !== "doubtful";
  const live = useLive(
    {
      query: MatchesQuery,
      variables: { certain, first: PAGE_SIZE, after: search.after ?? null },
      context: LIST,
    },
    EVERY.busy,
  );
  const decisions = useDecisions();
  const run = state.data?.matchRun;
  const counts = state.data?.matchCounts;
  const withCount = (label: string, count: number | undefined) =>
    count ? `${label} (${count})` : label;

  return (
    <Page
      title={t("matches.title")}
      intro={t("matches.intro")}
      back={<BackLink to="/mappings">{t("mappings.title")}</BackLink>}
      actions={<SearchButton underWay={Boolean(run && !run.endedAt)} />}
    >
      {run && <Progress run={run} />}
      <Group justify="space-between" gap="sm">
        <SegmentedControl
          aria-label={t("matches.show")}
          value={certain ? "certain" : "doubtful"}
          onChange={(value) => {
            decisions.clear();
            void navigate({
              search: { show: value === "doubtful" ? "doubtful" : undefined },
              replace: true,
            });
          }}
          data={[
            { value: "certain", label: withCount(t("matches.certain"), counts?.certain) },
            { value: "doubtful", label: withCount(t("matches.doubtful"), counts?.doubtful) },
          ]}
        />
        <Group gap="xs">
          {decisions.chosen.size > 0 && (
            <>
              <Button
                size="xs"
                loading={decisions.running}
                onClick={() => void decisions.decide(true, [...decisions.chosen])}
              >
                {t("matches.acceptChosen", { count: decisions.chosen.size })}
              </Button>
              <Button
                size="xs"
                variant="default"
                loading={decisions.running}
                onClick={() => void decisions.decide(false, [...decisions.chosen])}
              >
                {t("matches.refuseChosen", { count: decisions.chosen.size })}
              </Button>
            </>
          )}
          {certain && (counts?.certain ?? 0) > 0 && <AcceptAll />}
        </Group>
      </Group>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={6} />
          </Card>
        }
      >
        {({ matchProposals }) => (
          <>
            <Card>
              {matchProposals.nodes.length > 0 ? (
                <MatchTable
                  rows={matchProposals.nodes}
                  chosen={decisions.chosen}
                  choose={decisions.choose}
                  decide={(accept, ids) => void decisions.decide(accept, ids)}
                  running={decisions.running}
                />
              ) : (
                <Empty icon={<Link2 />} title={t("matches.none")}>
                  {t(run ? "matches.noneFound" : "matches.notLooked")}
                </Empty>
              )}
            </Card>
            <Pager
              pageInfo={matchProposals.pageInfo}
              after={search.after}
              go={(after) => void navigate({ search: { ...search, after } })}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const STATE = {
  additionalTypenames: ["MatchRunPayload", "DecideMatchesPayload", "AcceptCertainPayload"],
};
const LIST = {
  additionalTypenames: ["MatchProposal", "DecideMatchesPayload", "AcceptCertainPayload"],
};

type Run = NonNullable<ResultOf<typeof MatchStateQuery>["matchRun"]>;

function Progress({ run }: { run: Run }) {
  const { t } = useTranslation();
  return (
    <Text size="sm" c="dimmed" role="status">
      {run.endedAt ? t("matches.looked", { count: run.seen }) : t("matches.looking", run)}{" "}
      <RelativeTime at={run.endedAt ?? run.beganAt} />
    </Text>
  );
}

function SearchButton({ underWay }: { underWay: boolean }) {
  const { t } = useTranslation();
  const begin = useAction(MatchVariants);
  const run = async () => {
    const outcome = await begin.run({});
    if (!outcome.ok) tellFailure(outcome.message);
  };
  return (
    <Button
      leftSection={<ScanSearch size={16} aria-hidden="true" />}
      loading={begin.running || underWay}
      onClick={() => void run()}
    >
      {t("matches.look")}
    </Button>
  );
}

function AcceptAll() {
  const { t } = useTranslation();
  const accept = useAction(AcceptCertainMatches);
  const run = async () => {
    const outcome = await accept.run({});
    if (outcome.ok) tell(t("matches.acceptingAll"));
    else tellFailure(outcome.message);
  };
  return (
    <Button size="xs" variant="default" loading={accept.running} onClick={() => void run()}>
      {t("matches.acceptAll")}
    </Button>
  );
}

/** What is ticked, and yes or no to it. */
function useDecisions() {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const accept = useAction(AcceptMatches);
  const refuse = useAction(RefuseMatches);
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const decide = async (yes: boolean, ids: string[]) => {
    const outcome = await (yes ? accept : refuse).run({ ids });
    setChosen(new Set());
    if (outcome.ok) {
      tell(t(yes ? "matches.accepted" : "matches.refused", { count: ids.length }));
    } else tellFailure(outcome.message);
  };
  return {
    chosen,
    choose,
    decide,
    clear: () => setChosen(new Set()),
    running: accept.running || refuse.running,
  };
}
