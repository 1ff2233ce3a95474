/** The rulebooks that there were, and the way back to one. */
import { Anchor, Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { Loaded, RowsSkeleton } from "../../../components/feedback";
import { Section } from "../../../components/section";
import { RelativeTime } from "../../../components/time";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { useLive } from "../../../lib/live";
import { tell } from "../../../lib/tell";
import { RuleText } from "./list";
import { PastRulesQuery, RestoreRules, RuleHistoryQuery, type RulesQuery } from "./query";
import classes from "./rules.module.css";

type Answer = ResultOf<typeof RulesQuery>;
type Version = Answer["rulebook"]["versions"]["nodes"][number];

export function History({ answer }: { answer: Answer }) {
  const { t } = useTranslation();
  const { version: live, versions } = answer.rulebook;
  const dialog = useDialog<number>();
  const [older, setOlder] = useState(false);
  const last = versions.nodes.at(-1)?.version;
  return (
    <Section title={t("rules.history")} intro={t("rules.historyWhy")} flush>
      <ol className={classes.versions} aria-label={t("rules.history")} reversed>
        {versions.nodes.map((version) => (
          <VersionRow key={version.version} version={version} live={live} open={dialog.open} />
        ))}
        {older && last !== undefined && <Older below={last} live={live} open={dialog.open} />}
      </ol>
      {versions.pageInfo.hasNextPage && !older && (
        <Group p="sm" justify="center">
          <Anchor component="button" type="button" size="sm" onClick={() => setOlder(true)}>
            {t("rules.older")}
          </Anchor>
        </Group>
      )}
      {dialog.which !== undefined && (
        <Restore answer={answer} version={dialog.which} close={dialog.close} />
      )}
    </Section>
  );
}

/** The next page; versions that came meanwhile push some of it up, and are not shown twice. */
function Older({ below, live, open }: { below: number; live: number; open: Open }) {
  const [pages, setPages] = useState<(string | null)[]>([null]);
  return pages.map((after, index) => (
    <OlderPage
      key={after ?? ""}
      after={after}
      below={below}
      live={live}
      open={open}
      more={index === pages.length - 1 ? (next) => setPages([...pages, next]) : undefined}
    />
  ));
}

type Open = (version: number) => void;

interface OlderPageProps {
  after: string | null;
  below: number;
  live: number;
  open: Open;
  more: ((after: string) => void) | undefined;
}

function OlderPage({ after, below, live, open, more }: OlderPageProps) {
  const { t } = useTranslation();
  const page = useLive({ query: RuleHistoryQuery, variables: { after } });
  const versions = page.data?.rulebook.versions;
  const next = versions?.pageInfo.endCursor;
  return (
    <>
      {versions?.nodes
        .filter(({ version }) => version < below)
        .map((version) => (
          <VersionRow key={version.version} version={version} live={live} open={open} />
        ))}
      {versions?.pageInfo.hasNextPage && next && more && (
        <li className={classes.version}>
          <Anchor component="button" type="button" size="sm" onClick={() => more(next)}>
            {t("rules.older")}
          </Anchor>
        </li>
      )}
    </>
  );
}

function VersionRow({ version, live, open }: { version: Version; live: number; open: Open }) {
  const { t } = useTranslation();
  return (
    <li className={classes.version}>
      <div>
        <Text size="sm">
          {t("rules.version", { version: version.version })}: {version.what}
        </Text>
        <Text size="sm" c="dimmed">
          {version.madeBy}, <RelativeTime at={version.madeAt} />
        </Text>
      </div>
      {version.version === live ? (
        <Text size="sm" c="dimmed">
          {t("rules.live")}
        </Text>
      ) : (
        <Button
          variant="default"
          size="compact-sm"
          onClick={() => open(version.version)}
          aria-label={t("rules.lookAt", { version: version.version })}
        >
          {t("rules.look")}
        </Button>
      )}
    </li>
  );
}

interface RestoreProps {
  answer: Answer;
  version: number;
  close: (done?: boolean) => void;
}

function Restore({ answer, version, close }: RestoreProps) {
  const { t } = useTranslation();
  const restore = useAction(RestoreRules);
  const live = useLive({ query: PastRulesQuery, variables: { version } });
  return (
    <FormDialog
      title={t("rules.version", { version })}
      intro={t("rules.restoreWhy")}
      confirm={t("rules.restore")}
      running={restore.running}
      failure={restore.failure}
      size="lg"
      onClose={close}
      onConfirm={async () => {
        const outcome = await restore.run({
          toVersion: version,
          version: answer.rulebook.version,
        });
        if (!outcome.ok) return;
        tell(t("rules.restored", { version }));
        close(true);
      }}
    >
      <Loaded live={live} skeleton={<RowsSkeleton rows={3} />}>
        {({ rulebookVersion: past }) =>
          past && past.rules.length > 0 ? (
            <ol className={classes.list} aria-label={t("rules.version", { version })}>
              {past.rules.map((rule) => (
                <li key={rule.id}>
                  <div className={classes.past}>
                    <RuleText rule={rule} suppliers={answer.suppliers.nodes} />
                  </div>
                </li>
              ))}
            </ol>
          ) : (
            <Text size="sm" c="dimmed">
              {t("rules.none")}
            </Text>
          )
        }
      </Loaded>
    </FormDialog>
  );
}
