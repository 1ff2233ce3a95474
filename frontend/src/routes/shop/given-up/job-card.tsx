/** One piece of work that was given up: what it was for, why it failed, and what to do. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { Evidence } from "../../../components/exception/evidence";
import classes from "../../../components/exception/exception-card.module.css";
import { ROW_LINK } from "../../../components/keyboard";
import { TextLink } from "../../../components/links";
import { RelativeTime } from "../../../components/time";
import { type FragmentOf, type ResultOf, readFragment } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { humanize } from "../../../lib/humanize";
import { sentence } from "../../../lib/sentence";
import { tell, tellFailure } from "../../../lib/tell";
import { DeadJobFields, DismissJob, RequeueJob } from "./query";

type Job = ResultOf<typeof DeadJobFields>;

export function JobCard({ job: masked }: { job: FragmentOf<typeof DeadJobFields> }) {
  const { t } = useTranslation();
  const job = readFragment(DeadJobFields, masked);
  const { which, open, close } = useDialog<"dismiss">();
  const name = nameOf(job);
  return (
    <article className={classes.card} aria-label={name}>
      <Stack gap={6}>
        <Group gap="xs">
          <Text fw={650}>{humanize(job.name)}</Text>
          {job.order && (
            <TextLink to="/orders/$id" params={{ id: job.order.id }} fw={650}>
              {job.order.name}
            </TextLink>
          )}
          <Text size="sm" c="dimmed" ms="auto">
            {t("givenUp.tries", { count: job.attempts })}
            {job.lastTriedAt && (
              <>
                {" · "}
                <RelativeTime at={job.lastTriedAt} />
              </>
            )}
          </Text>
        </Group>
        <Text>{job.lastError ? sentence(job.lastError) : t("givenUp.noError")}</Text>
        <Evidence evidence={{ ...asObject(job.payload), job: job.id, since: job.createdAt }} />
        <Group gap="xs" mt={4}>
          <RequeueButton job={job} name={name} />
          <Button
            size="xs"
            variant="subtle"
            aria-label={t("givenUp.dismissNamed", { name })}
            onClick={() => open("dismiss")}
          >
            {t("givenUp.dismiss")}
          </Button>
        </Group>
      </Stack>
      {which && <DismissDialog job={job} close={close} />}
    </article>
  );
}

function nameOf({ name, order }: Job): string {
  return [humanize(name), order?.name].filter(Boolean).join(", ");
}

function asObject(payload: unknown): object {
  return typeof payload === "object" && payload !== null ? payload : {};
}

/** Trying again is safe: no question before it. */
function RequeueButton({ job, name }: { job: Job; name: string }) {
  const { t } = useTranslation();
  const requeue = useAction(RequeueJob);
  const run = async () => {
    const outcome = await requeue.run({ id: job.id });
    if (outcome.ok) tell(t("givenUp.requeued"));
    else tellFailure(outcome.message);
  };
  return (
    <Button
      size="xs"
      loading={requeue.running}
      aria-label={t("givenUp.requeueNamed", { name })}
      onClick={() => void run()}
      {...ROW_LINK}
    >
      {t("givenUp.requeue")}
    </Button>
  );
}

interface DismissDialogProps {
  job: Job;
  close: (done?: boolean) => void;
}

function DismissDialog({ job, close }: DismissDialogProps) {
  const { t } = useTranslation();
  const dismiss = useAction(DismissJob);
  const confirm = async () => {
    const outcome = await dismiss.run({ id: job.id });
    if (!outcome.ok) return;
    tell(t("givenUp.dismissed"));
    close(true);
  };
  return (
    <FormDialog
      title={t("givenUp.dismissNamed", { name: nameOf(job) })}
      intro={t("givenUp.dismissWhy")}
      confirm={t("givenUp.dismiss")}
      danger
      running={dismiss.running}
      failure={dismiss.failure}
      onClose={() => close()}
      onConfirm={() => void confirm()}
    />
  );
}
