/** The shop's own routing rules: what must be so, whatever it costs. */
import { ActionIcon, Button, Switch, Text, UnstyledButton } from "@mantine/core";
import clsx from "clsx";
import { ArrowDown, ArrowUp, ListChecks, Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { Empty, Failure, Loaded, RowsSkeleton } from "../../../components/feedback";
import { ROW_LINK } from "../../../components/keyboard";
import { Page } from "../../../components/page";
import { Card } from "../../../components/section";
import { StatusBadge, type Tone } from "../../../components/status-badge";
import type { EnumOf, ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { formatDate } from "../../../lib/format";
import { EVERY, useLive } from "../../../lib/live";
import { tell } from "../../../lib/tell";
import { type Rule, RuleEditor } from "./editor";
import { History } from "./history";
import { DeleteRule, OrderRules, RulesQuery, SwitchRule } from "./query";
import classes from "./rules.module.css";

type Answer = ResultOf<typeof RulesQuery>;
type Open = { edit: Rule | undefined } | { remove: Rule };

export function Rules() {
  const { t } = useTranslation();
  const live = useLive({ query: RulesQuery }, EVERY.calm);
  const dialog = useDialog<Open>();
  const add = (
    <Button leftSection={<Plus size={16} />} onClick={() => dialog.open({ edit: undefined })}>
      {t("rules.add")}
    </Button>
  );
  const { which, close } = dialog;
  return (
    <Page title={t("rules.title")} intro={t("rules.intro")} actions={live.data && add}>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={5} />
          </Card>
        }
      >
        {(answer) => (
          <>
            {answer.rulebook.rules.length > 0 ? (
              <RuleList answer={answer} open={dialog.open} />
            ) : (
              <Card>
                <Empty icon={<ListChecks />} title={t("rules.none")} action={add}>
                  {t("rules.noneWhy")}
                </Empty>
              </Card>
            )}
            {answer.rulebook.version > 0 && <History answer={answer} />}
            {which && "edit" in which && (
              <RuleEditor answer={answer} rule={which.edit} close={close} />
            )}
            {which && "remove" in which && (
              <RemoveRule answer={answer} rule={which.remove} close={close} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function RuleList({ answer, open }: { answer: Answer; open: (which: Open) => void }) {
  const { t } = useTranslation();
  const { rules, version } = answer.rulebook;
  const order = useAction(OrderRules);
  const turn = useAction(SwitchRule);
  const ids = rules.map(({ id }) => id);
  const move = async (index: number, by: 1 | -1) => {
    const moved = [...ids];
    const [id] = moved.splice(index, 1);
    if (id === undefined) return;
    moved.splice(index + by, 0, id);
    const outcome = await order.run({ ids: moved, version });
    if (outcome.ok) tell(t("rules.moved"));
  };
  const failure = order.failure ?? turn.failure;
  const busy = order.running || turn.running;
  return (
    <>
      {failure && <Failure>{failure}</Failure>}
      <Card>
        <ol className={classes.list} aria-label={t("rules.title")}>
          {rules.map((rule, index) => (
            <li key={rule.id}>
              <article className={classes.rule} aria-label={rule.name}>
                <span className={clsx(classes.place, "tabular")} aria-hidden="true">
                  {index + 1}
                </span>
                <RuleText
                  rule={rule}
                  suppliers={answer.suppliers.nodes}
                  edit={() => open({ edit: rule })}
                />
                <div className={classes.actions}>
                  <RuleStateBadge state={rule.state} />
                  <Switch
                    aria-label={t("rules.switch", { name: rule.name })}
                    checked={rule.enabled}
                    disabled={busy}
                    onChange={async ({ currentTarget: { checked } }) => {
                      const outcome = await turn.run({ id: rule.id, enabled: checked, version });
                      if (outcome.ok) tell(t("rules.saved"));
                    }}
                  />
                  <Act
                    label={t("rules.up", { name: rule.name })}
                    icon={<ArrowUp size={16} />}
                    disabled={index === 0}
                    onClick={() => void move(index, -1)}
                  />
                  <Act
                    label={t("rules.down", { name: rule.name })}
                    icon={<ArrowDown size={16} />}
                    disabled={index === rules.length - 1}
                    onClick={() => void move(index, 1)}
                  />
                  <Act
                    label={t("rules.delete", { name: rule.name })}
                    icon={<Trash2 size={16} />}
                    onClick={() => open({ remove: rule })}
                  />
                </div>
              </article>
            </li>
          ))}
        </ol>
      </Card>
    </>
  );
}

interface ActProps {
  label: string;
  icon: React.ReactNode;
  disabled?: boolean;
  onClick: () => void;
}

function Act({ label, icon, disabled, onClick }: ActProps) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      disabled={disabled ?? false}
      onClick={onClick}
    >
      {icon}
    </ActionIcon>
  );
}

interface RuleTextProps {
  rule: Rule;
  suppliers: Answer["suppliers"]["nodes"];
  /** Without it the rule is only shown. */
  edit?: () => void;
}

/** What a rule says: its name, what follows, when, and on which days. */
export function RuleText({ rule, suppliers, edit }: RuleTextProps) {
  const { t } = useTranslation();
  const { name, kind, when, from, until } = rule;
  const named = rule.suppliers.map(
    (key) => suppliers.find((supplier) => supplier.key === key)?.name ?? key,
  );
  const day = (text: string) => formatDate(new Date(`${text}T12:00:00`));
  return (
    <div>
      {edit ? (
        <UnstyledButton className={classes.name} onClick={edit} {...ROW_LINK}>
          {name}
        </UnstyledButton>
      ) : (
        <span className={classes.name}>{name}</span>
      )}
      <Text size="sm">
        {t(`ruleSays.${kind}`, { suppliers: named.join(", "), count: rule.number ?? 0 })}
      </Text>
      <p className={classes.condition}>{when ?? t("rules.always")}</p>
      {(from || until) && (
        <Text size="sm" c="dimmed">
          {[
            from && t("rules.fromDay", { day: day(from) }),
            until && t("rules.untilDay", { day: day(until) }),
          ]
            .filter(Boolean)
            .join(" ")}
        </Text>
      )}
    </div>
  );
}

const RULE_TONES = {
  IN_FORCE: "good",
  OFF: "neutral",
  NOT_YET: "info",
  OVER: "warn",
} as const satisfies Record<EnumOf<"RuleState">, Tone>;

function RuleStateBadge({ state }: { state: EnumOf<"RuleState"> }) {
  const { t } = useTranslation();
  return <StatusBadge tone={RULE_TONES[state]}>{t(`ruleState.${state}`)}</StatusBadge>;
}

interface RemoveProps {
  answer: Answer;
  rule: Rule;
  close: (done?: boolean) => void;
}

function RemoveRule({ answer, rule, close }: RemoveProps) {
  const { t } = useTranslation();
  const remove = useAction(DeleteRule);
  return (
    <FormDialog
      title={t("rules.delete", { name: rule.name })}
      intro={t("rules.deleteWhy")}
      confirm={t("rules.deleteIt")}
      danger
      running={remove.running}
      failure={remove.failure}
      onClose={close}
      onConfirm={async () => {
        const outcome = await remove.run({ id: rule.id, version: answer.rulebook.version });
        if (!outcome.ok) return;
        tell(t("rules.deleted"));
        close(true);
      }}
    />
  );
}
