/** Adding a rule or changing one: what it does, when it holds, on which days. */
import {
  Input,
  MultiSelect,
  NumberInput,
  Group as Row,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog } from "../../../components/dialog";
import type { EnumOf, ResultOf, VariablesOf } from "../../../gql/graphql";
import type { Problem } from "../../../lib/action";
import { showProblems } from "../../../lib/form-problems";
import { Builder, type Fact } from "./builder";
import { ConditionText } from "./condition-text";
import { emptyGroup, isComplete, parse, print } from "./expression";
import type { RuleFields, RulesQuery, SaveRule } from "./query";

export type Rule = ResultOf<typeof RuleFields>;
export type RuleInput = VariablesOf<typeof SaveRule>["input"];
export type Named = Pick<ResultOf<typeof RulesQuery>["suppliers"]["nodes"][number], "key" | "name">;

/** What rules may say, and about whom. */
export interface Language {
  rulebook: Pick<ResultOf<typeof RulesQuery>["rulebook"], "facts" | "kinds">;
  suppliers: { nodes: readonly Named[] };
}
type Kind = EnumOf<"RuleKind">;

/** What a condition of each scope knows. */
const KNOWN = { ORDER: 0, LINE: 1, CANDIDATE: 2 } as const;

const NAMES_SUPPLIERS: readonly Kind[] = ["ONLY", "NEVER"];
const COUNTS: readonly Kind[] = ["KEEP_IN_STOCK", "MAX_PARCELS"];

interface EditorProps {
  answer: Language;
  rule: Rule | undefined;
  /** What is wrong with it; undefined once it is kept. */
  save: (input: RuleInput) => Promise<Problem[] | undefined>;
  running: boolean;
  failure: string | undefined;
  close: (done?: boolean) => void;
}

export function RuleEditor({ answer, rule, save, running, failure, close }: EditorProps) {
  const { t } = useTranslation();
  const condition = useCondition(answer, rule?.when ?? "");
  const form = useForm({
    initialValues: {
      name: rule?.name ?? "",
      kind: (rule?.kind ?? "EXCLUDE") as Kind,
      suppliers: rule?.suppliers ?? [],
      number: (rule?.number ?? 1) as number | "",
      enabled: rule?.enabled ?? true,
      from: rule?.from ?? "",
      until: rule?.until ?? "",
    },
    validate: {
      name: (name) => (name.trim() ? null : t("rules.nameNeeded")),
      suppliers: (keys, { kind }) =>
        NAMES_SUPPLIERS.includes(kind) && keys.length === 0 ? t("rules.suppliersNeeded") : null,
      until: (until, { from }) => (from && until && until < from ? t("rules.untilBefore") : null),
    },
  });
  const { kind } = form.values;
  const about = answer.rulebook.kinds.find((info) => info.kind === kind)?.about ?? "CANDIDATE";
  const facts = useFacts(answer, KNOWN[about]);

  const submit = form.onSubmit(async ({ name, suppliers, number, enabled, from, until }) => {
    const when = condition.text();
    if (when === undefined) return;
    const problems = await save({
      name,
      kind,
      when: when || null,
      suppliers: NAMES_SUPPLIERS.includes(kind) ? suppliers : null,
      number: COUNTS.includes(kind) ? number || 0 : null,
      enabled,
      from: from || null,
      until: until || null,
    });
    if (!problems) return close();
    if (problems.some(({ field }) => field?.at(-1) === "when")) condition.show("text");
    showProblems(form, problems);
  });

  return (
    <FormDialog
      title={rule ? t("rules.editTitle", { name: rule.name }) : t("rules.add")}
      confirm={t("save")}
      running={running}
      failure={failure}
      size="lg"
      onClose={close}
      onConfirm={() => {
        condition.check();
        submit();
      }}
    >
      <TextInput
        label={t("rules.name")}
        description={t("rules.nameWhy")}
        required
        maxLength={100}
        data-autofocus
        {...form.getInputProps("name")}
      />
      <Select
        label={t("rules.kind")}
        description={t(`ruleKindWhy.${kind}`)}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={answer.rulebook.kinds.map((info) => ({
          value: info.kind,
          label: t(`ruleKind.${info.kind}`),
        }))}
        allowDeselect={false}
        {...form.getInputProps("kind")}
      />
      {NAMES_SUPPLIERS.includes(kind) && (
        <MultiSelect
          label={t("rules.suppliers")}
          data={answer.suppliers.nodes.map(({ key, name }) => ({ value: key, label: name }))}
          required
          searchable
          {...form.getInputProps("suppliers")}
        />
      )}
      {COUNTS.includes(kind) && (
        <NumberInput
          label={kind === "MAX_PARCELS" ? t("rules.parcels") : t("rules.pieces")}
          min={1}
          allowDecimal={false}
          allowNegative={false}
          required
          {...form.getInputProps("number")}
        />
      )}
      <Input.Wrapper
        label={t("rules.condition")}
        description={t(`ruleScopeWhy.${about}`)}
        labelElement="div"
      >
        <Stack gap="sm" mt="xs">
          <SegmentedControl
            aria-label={t("rules.mode")}
            value={condition.mode}
            onChange={(mode) => condition.show(mode as "build" | "text")}
            data={[
              { value: "build", label: t("rules.build") },
              { value: "text", label: t("rules.asText") },
            ]}
          />
          {condition.mode === "text" ? (
            <ConditionText text={condition.written} kind={kind} onChange={condition.write} />
          ) : (
            <Builder
              group={condition.group}
              facts={facts}
              showMissing={condition.showMissing}
              onChange={condition.setGroup}
            />
          )}
          {condition.onlyText && (
            <Text size="sm" c="dimmed" role="status">
              {t("rules.onlyText")}
            </Text>
          )}
        </Stack>
      </Input.Wrapper>
      <Row grow align="flex-start">
        <TextInput
          type="date"
          label={t("rules.from")}
          description={t("rules.fromWhy")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          {...form.getInputProps("from")}
        />
        <TextInput
          type="date"
          label={t("rules.until")}
          description={t("rules.untilWhy")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          {...form.getInputProps("until")}
        />
      </Row>
      <Switch label={t("rules.enabled")} {...form.getInputProps("enabled", { type: "checkbox" })} />
    </FormDialog>
  );
}

/** The condition in one of its two forms; going over to the other carries it along. */
function useCondition(answer: Language, when: string) {
  const types = useMemo(
    () => new Map(answer.rulebook.facts.map(({ name, type }) => [name, type] as const)),
    [answer.rulebook.facts],
  );
  const [group, setGroup] = useState(() => parse(when, types) ?? emptyGroup());
  const [written, write] = useState(when);
  const [mode, setMode] = useState<"build" | "text">(() => (parse(when, types) ? "build" : "text"));
  const [onlyText, setOnlyText] = useState(() => parse(when, types) === null);
  const [showMissing, setShowMissing] = useState(false);

  const show = (next: "build" | "text") => {
    if (next === mode) return;
    if (next === "text") {
      write(print(group, types));
      setOnlyText(false);
      return setMode(next);
    }
    const read = parse(written, types);
    setOnlyText(read === null);
    if (!read) return;
    setGroup(read);
    setMode(next);
  };
  return {
    group,
    setGroup,
    written,
    write: (text: string) => {
      write(text);
      setOnlyText(false);
    },
    mode,
    show,
    onlyText,
    showMissing,
    check: () => setShowMissing(true),
    /** As the server reads it; undefined while something is missing. */
    text: () => {
      if (mode === "text") return written.trim();
      return isComplete(group) ? print(group, types) : undefined;
    },
  };
}

/** The language's facts, and of which the kind of rule knows. */
function useFacts({ rulebook, suppliers }: Language, known: number): Fact[] {
  return useMemo(
    () =>
      rulebook.facts.map(({ name, label, type, values, about }) => ({
        name,
        label,
        type,
        values: name === "supplier.key" ? suppliers.nodes.map(({ key }) => key) : values,
        known: KNOWN[about] <= known,
      })),
    [rulebook.facts, suppliers.nodes, known],
  );
}
