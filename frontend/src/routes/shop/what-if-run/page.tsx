/** One comparison: how far it is, what came of it, and which orders change. */
import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { FileQuestion } from "lucide-react";
import { useTranslation } from "react-i18next";
import { BackLink } from "../../../components/back-link";
import { Empty, Failure, Loaded, RowsSkeleton } from "../../../components/feedback";
import { ButtonLink } from "../../../components/links";
import { Page } from "../../../components/page";
import { Card, Section } from "../../../components/section";
import { RelativeTime } from "../../../components/time";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { formatCount } from "../../../lib/format";
import { EVERY, useLive } from "../../../lib/live";
import { sentence } from "../../../lib/sentence";
import { tell, tellFailure } from "../../../lib/tell";
import { CancelWhatIf } from "../what-if/query";
import { isOver, RunStateBadge, spanText, useDiffers } from "../what-if/runs";
import { ChangedOrders } from "./changed-orders";
import { RunQuery } from "./query";
import { Result } from "./result";

export type Run = NonNullable<ResultOf<typeof RunQuery>["whatIfRun"]>;

/** Seconds between two looks at one that is under way. */
const WATCHED = 1;

export function WhatIfRun() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/shop/what-if/$id" });
  const live = useLive({ query: RunQuery, variables: { id } }, (data) =>
    data?.whatIfRun && !isOver(data.whatIfRun.state) ? WATCHED : EVERY.calm,
  );
  const run = live.data?.whatIfRun;
  return (
    <Page
      key={id}
      title={t("whatIf.comparison")}
      badge={run && <RunStateBadge state={run.state} />}
      back={<BackLink to="/what-if">{t("whatIf.title")}</BackLink>}
      intro={run && <Intro run={run} />}
      actions={
        run &&
        (isOver(run.state) ? (
          <ButtonLink to="/what-if" search={{ from: run.id }} variant="default">
            {t("whatIf.goOn")}
          </ButtonLink>
        ) : (
          <Cancel id={run.id} />
        ))
      }
    >
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={8} />
          </Card>
        }
      >
        {({ whatIfRun }) =>
          whatIfRun ? (
            <Body run={whatIfRun} />
          ) : (
            <Card>
              <Empty icon={<FileQuestion />} title={t("whatIf.missing")}>
                {t("whatIf.missingWhy")}
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function Intro({ run }: { run: Run }) {
  const { t } = useTranslation();
  const differs = useDiffers();
  return (
    <>
      {t("whatIf.about", { span: spanText(run), parts: differs(run) })} {run.askedBy},{" "}
      <RelativeTime at={run.askedAt} />
    </>
  );
}

function Body({ run }: { run: Run }) {
  const { t } = useTranslation();
  return (
    <>
      {!isOver(run.state) && <Underway run={run} />}
      {run.state === "FAILED" && (
        <Failure title={t("whatIf.failed")}>{sentence(run.failure ?? t("error.unknown"))}</Failure>
      )}
      {run.state === "CANCELLED" && (
        <Text c="dimmed">
          {t("whatIf.cancelledAt", {
            seen: formatCount(run.ordersSeen),
            all: formatCount(run.ordersTotal ?? 0),
          })}
        </Text>
      )}
      {run.ordersSeen > 0 && <Result run={run} />}
      {run.state === "DONE" && run.ordersSeen === 0 && (
        <Card>
          <Empty icon={<FileQuestion />} title={t("whatIf.noOrders")}>
            {t("whatIf.noOrdersWhy")}
          </Empty>
        </Card>
      )}
      {run.ordersSeen > 0 && <ChangedOrders run={run} />}
    </>
  );
}

function Underway({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { ordersSeen: seen, ordersTotal: total } = run;
  const percent = total ? Math.min(100, (100 * seen) / total) : 0;
  return (
    <Section title={t("whatIf.progress")}>
      <Stack gap="xs">
        <Progress.Root size="lg">
          <Progress.Section value={percent} aria-label={t("whatIf.progress")} animated />
        </Progress.Root>
        <Group justify="space-between">
          <Text size="sm" role="status" className="tabular">
            {total === null
              ? t("whatIf.waits")
              : t("whatIf.seen", { seen: formatCount(seen), all: formatCount(total) })}
          </Text>
        </Group>
      </Stack>
    </Section>
  );
}

function Cancel({ id }: { id: string }) {
  const { t } = useTranslation();
  const cancel = useAction(CancelWhatIf);
  const run = async () => {
    const outcome = await cancel.run({ id });
    if (outcome.ok) tell(t("whatIf.cancelled"));
    else tellFailure(outcome.message);
  };
  return (
    <Button variant="default" loading={cancel.running} onClick={() => void run()}>
      {t("whatIf.cancel")}
    </Button>
  );
}
