/** A condition as rows to fill in: groups of tests, joined by all or any. */
import {
  ActionIcon,
  Autocomplete,
  Button,
  Group as Row,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import {
  arity,
  emptyGroup,
  type FactType,
  type Group,
  isGroup,
  newTest,
  OPERATORS,
  type Operator,
  type Part,
  type Test,
} from "./expression";
import classes from "./rules.module.css";

export interface Fact {
  name: string;
  label: string;
  type: FactType;
  values: readonly string[];
  /** Whether the kind of rule may ask about it. */
  known: boolean;
}

interface BuilderProps {
  group: Group;
  facts: readonly Fact[];
  /** After a try to save: say what is missing. */
  showMissing: boolean;
  onChange: (group: Group) => void;
}

/** Groups within groups; deeper ones are shown, but not offered. */
const DEEPEST = 3;

export function Builder(props: BuilderProps) {
  const { t } = useTranslation();
  return (
    <fieldset className={classes.whole} aria-label={t("rules.condition")}>
      <GroupRows {...props} depth={1} path="" />
    </fieldset>
  );
}

interface GroupProps extends BuilderProps {
  depth: number;
  /** Where it is, for names: `2.1`. */
  path: string;
}

function GroupRows({ group, facts, showMissing, onChange, depth, path }: GroupProps) {
  const { t } = useTranslation();
  const replace = (key: number, part: Part | undefined) =>
    onChange({
      ...group,
      parts: group.parts.flatMap((other) => (other.key === key ? (part ? [part] : []) : [other])),
    });
  const add = (part: Part) => onChange({ ...group, parts: [...group.parts, part] });
  const first = facts.find(({ known }) => known);
  const fresh = () => (first ? [newTest(first.name, first.type)] : []);
  return (
    <Stack gap="xs">
      {group.parts.length > 1 && (
        <SegmentedControl
          size="xs"
          className={classes.join}
          aria-label={path ? t("rules.joinOf", { path }) : t("rules.join")}
          value={group.join}
          onChange={(join) => onChange({ ...group, join: join as Group["join"] })}
          data={[
            { value: "and", label: t("rules.all") },
            { value: "or", label: t("rules.any") },
          ]}
        />
      )}
      {group.parts.map((part, index) => {
        const place = path ? `${path}.${index + 1}` : String(index + 1);
        if (!isGroup(part)) {
          return (
            <TestRow
              key={part.key}
              test={part}
              place={place}
              facts={facts}
              showMissing={showMissing}
              onChange={(next) => replace(part.key, next)}
              onRemove={() => replace(part.key, undefined)}
            />
          );
        }
        return (
          <fieldset key={part.key} className={classes.group}>
            <legend>
              <Row gap={4} wrap="nowrap">
                <Text span size="sm" fw={600}>
                  {t("rules.group", { place })}
                </Text>
                <Remove
                  label={t("rules.removeGroup", { place })}
                  onClick={() => replace(part.key, undefined)}
                />
              </Row>
            </legend>
            <GroupRows
              group={part}
              facts={facts}
              showMissing={showMissing}
              onChange={(next) => replace(part.key, next)}
              depth={depth + 1}
              path={place}
            />
          </fieldset>
        );
      })}
      {group.parts.length === 0 && (
        <Text size="sm" c="dimmed">
          {depth === 1 ? t("rules.always") : t("rules.emptyGroup")}
        </Text>
      )}
      <Row gap="xs">
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Plus size={14} />}
          onClick={() => fresh().forEach(add)}
        >
          {path ? t("rules.addTestTo", { path }) : t("rules.addTest")}
        </Button>
        {depth < DEEPEST && (
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Plus size={14} />}
            onClick={() =>
              add({ ...emptyGroup(group.join === "and" ? "or" : "and"), parts: fresh() })
            }
          >
            {path ? t("rules.addGroupTo", { path }) : t("rules.addGroup")}
          </Button>
        )}
      </Row>
    </Stack>
  );
}

interface TestProps {
  test: Test;
  place: string;
  facts: readonly Fact[];
  showMissing: boolean;
  onChange: (test: Test) => void;
  onRemove: () => void;
}

function TestRow({ test, place, facts, showMissing, onChange, onRemove }: TestProps) {
  const { t } = useTranslation();
  const fact = facts.find(({ name }) => name === test.fact);
  const type = fact?.type ?? "TEXT";
  const choose = (name: string) => {
    const next = facts.find((other) => other.name === name);
    if (!next) return;
    const same = next.type === type && next.values.length === 0 && fact?.values.length === 0;
    onChange(same ? { ...test, fact: name } : { ...newTest(name, next.type), key: test.key });
  };
  const operate = (operator: Operator) => {
    const wanted = arity(operator);
    const kept = wanted === "list" ? test.values.filter(Boolean) : test.values.slice(0, wanted);
    onChange({ ...test, operator, values: kept });
  };
  return (
    <fieldset className={classes.test} aria-label={t("rules.test", { place })}>
      <Select
        className={classes.fact}
        aria-label={t("rules.fact")}
        data={grouped(facts, test.fact, (start) => t(`ruleAbout.${start}`))}
        value={test.fact}
        onChange={(name) => name && choose(name)}
        allowDeselect={false}
        searchable
        error={fact?.known === false && t("rules.notKnown")}
        comboboxProps={{ withinPortal: true }}
      />
      <Select
        className={classes.operator}
        aria-label={t("rules.operator")}
        data={OPERATORS[type].map((value) => ({ value, label: t(`ruleOperator.${value}`) }))}
        value={test.operator}
        onChange={(value) => value && operate(value as Operator)}
        allowDeselect={false}
        comboboxProps={{ withinPortal: true }}
      />
      <Values test={test} fact={fact} showMissing={showMissing} onChange={onChange} />
      <Remove label={t("rules.removeTest", { place })} onClick={onRemove} />
    </fieldset>
  );
}

interface ValuesProps {
  test: Test;
  fact: Fact | undefined;
  showMissing: boolean;
  onChange: (test: Test) => void;
}

function Values({ test, fact, showMissing, onChange }: ValuesProps) {
  const { t } = useTranslation();
  const wanted = arity(test.operator);
  const set = (values: string[]) => onChange({ ...test, values });
  if (wanted === "list") {
    return (
      <TagsInput
        className={classes.value}
        aria-label={t("rules.values")}
        placeholder={test.values.length === 0 ? t("rules.valuesHint") : ""}
        data={[...(fact?.values ?? [])]}
        value={test.values}
        onChange={set}
        splitChars={[","]}
        acceptValueOnBlur
        error={showMissing && test.values.length === 0 && t("rules.valueNeeded")}
        comboboxProps={{ withinPortal: true }}
      />
    );
  }
  const names = wanted === 2 ? [t("rules.low"), t("rules.high")] : [t("rules.value")];
  return (
    <Row className={classes.value} gap="xs" wrap="nowrap" align="flex-start" grow>
      {names.slice(0, wanted).map((label, index) => {
        const value = test.values[index] ?? "";
        const input = {
          "aria-label": label,
          value,
          error: showMissing && value.trim() === "" && t("rules.valueNeeded"),
        };
        const write = (text: string) =>
          set(
            Array.from(
              { length: wanted },
              (_, at) => (at === index ? text : test.values[at]) ?? "",
            ),
          );
        return fact && fact.values.length > 0 ? (
          <Autocomplete
            key={label}
            {...input}
            data={[...fact.values]}
            onChange={write}
            comboboxProps={{ withinPortal: true }}
          />
        ) : (
          <TextInput
            key={label}
            {...input}
            inputMode={fact?.type === "NUMBER" ? "decimal" : "text"}
            placeholder={wanted === 2 ? label : ""}
            onChange={({ currentTarget }) =>
              write(
                fact?.type === "NUMBER"
                  ? currentTarget.value.replace(",", ".")
                  : currentTarget.value,
              )
            }
          />
        );
      })}
    </Row>
  );
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Trash2 size={16} />
    </ActionIcon>
  );
}

const ABOUT = ["order", "line", "supplier", "offer"] as const;

/** The facts under what they are about; of those the rule cannot know only the one in use. */
function grouped(
  facts: readonly Fact[],
  used: string,
  name: (about: (typeof ABOUT)[number]) => string,
) {
  return ABOUT.map((about) => ({
    group: name(about),
    items: facts
      .filter((fact) => fact.name.startsWith(`${about}.`) && (fact.known || fact.name === used))
      .map((fact) => ({ value: fact.name, label: fact.label })),
  }));
}
