/** Rules in their order, each with what it says and what can be done with it. */
import { ActionIcon, Switch, Text, UnstyledButton } from "@mantine/core";
import clsx from "clsx";
import { ArrowDown, ArrowUp, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ROW_LINK } from "../../../components/keyboard";
import { StatusBadge, type Tone } from "../../../components/status-badge";
import type { EnumOf } from "../../../gql/graphql";
import { formatDate } from "../../../lib/format";
import type { Named, Rule } from "./editor";
import classes from "./rules.module.css";

interface RuleListProps {
  rules: readonly Rule[];
  suppliers: readonly Named[];
  busy: boolean;
  /** Of a draft, which no day is in force. */
  stateless?: boolean;
  edit: (rule: Rule) => void;
  turn: (rule: Rule, on: boolean) => void;
  move: (index: number, by: 1 | -1) => void;
  remove: (rule: Rule) => void;
}

export function RuleList({ rules, suppliers, busy, stateless, ...act }: RuleListProps) {
  const { t } = useTranslation();
  return (
    <ol className={classes.list} aria-label={t("rules.title")}>
      {rules.map((rule, index) => (
        <li key={rule.id}>
          <article className={classes.rule} aria-label={rule.name}>
            <span className={clsx(classes.place, "tabular")} aria-hidden="true">
              {index + 1}
            </span>
            <RuleText rule={rule} suppliers={suppliers} edit={() => act.edit(rule)} />
            <div className={classes.actions}>
              {!stateless && <RuleStateBadge state={rule.state} />}
              <Switch
                aria-label={t("rules.switch", { name: rule.name })}
                checked={rule.enabled}
                disabled={busy}
                onChange={({ currentTarget: { checked } }) => act.turn(rule, checked)}
              />
              <Act
                label={t("rules.up", { name: rule.name })}
                icon={<ArrowUp size={16} />}
                disabled={index === 0}
                onClick={() => act.move(index, -1)}
              />
              <Act
                label={t("rules.down", { name: rule.name })}
                icon={<ArrowDown size={16} />}
                disabled={index === rules.length - 1}
                onClick={() => act.move(index, 1)}
              />
              <Act
                label={t("rules.delete", { name: rule.name })}
                icon={<Trash2 size={16} />}
                onClick={() => act.remove(rule)}
              />
            </div>
          </article>
        </li>
      ))}
    </ol>
  );
}

/** A list with one of its things a place up or down. */
export function moved<Thing>(things: readonly Thing[], index: number, by: 1 | -1): Thing[] {
  const list = [...things];
  list.splice(index + by, 0, ...list.splice(index, 1));
  return list;
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
  suppliers: readonly Named[];
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
