/** Writing a draft: the period, and what would be different; then the comparison begins. */
import { Button, Group, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { Scale } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { Section } from "../../../components/section";
import { type Problem, useAction } from "../../../lib/action";
import { fieldErrors } from "../../../lib/field-errors";
import { sentence } from "../../../lib/sentence";
import { RoutingFieldset, routingFields, routingValues } from "../settings/routing-form";
import {
  changesOf,
  type Draft,
  type Earlier,
  type Flaws,
  firstAgreements,
  flawsOf,
  inputFor,
  type Live,
  PERIODS,
  type Period,
  spanOf,
} from "./draft";
import { DraftRules } from "./draft-rules";
import { DraftSuppliers } from "./draft-suppliers";
import { StartWhatIf } from "./query";
import classes from "./what-if.module.css";

interface DraftFormProps {
  live: Live;
  earlier: Earlier | undefined;
}

export function DraftForm({ live, earlier }: DraftFormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const start = useAction(StartWhatIf);
  const [period, setPeriod] = useState<Period>({ days: "30", from: "", to: "" });
  const [rules, setRules] = useState(earlier?.draftRules ?? live.rulebook.rules);
  const [agreements, setAgreements] = useState(() => firstAgreements(earlier));
  const routing = useForm({
    initialValues: routingValues(earlier?.draftRouting ?? live.shop.settings.routing),
  });
  const [wrong, setWrong] = useState<string[]>([]);
  const [flaws, setFlaws] = useState<Flaws>({});
  const [tried, setTried] = useState(false);
  const draft: Draft = { routing: routing.values, rules, agreements };
  const changes = changesOf(live, draft);
  const changed = (["routing", "rules", "connections"] as const).filter((part) => changes[part]);

  const submit = async () => {
    setTried(true);
    const span = spanOf(period, new Date());
    if (!span) return;
    setWrong([]);
    setFlaws({});
    routing.clearErrors();
    const outcome = await start.run({ input: { ...span, ...inputFor(live, draft) } });
    if (outcome.ok) {
      const id = outcome.data.startWhatIf.run?.id;
      if (id) void navigate({ to: "/what-if/$id", params: { id } });
      return;
    }
    setWrong(outcome.problems.map((problem) => told(problem, draft, live)));
    setFlaws(flawsOf(agreements, outcome.problems));
    const inRouting = outcome.problems
      .filter(({ field }) => field?.[0] === "routing")
      .map((problem) => ({ ...problem, field: problem.field?.slice(1) ?? null }));
    routing.setErrors(fieldErrors(inRouting, routingFields(routing.values)));
  };

  return (
    <Section title={t("whatIf.draft")} intro={t("whatIf.draftWhy")}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack gap="lg">
          <PeriodChoice period={period} change={setPeriod} tried={tried} />
          <fieldset className={classes.part}>
            <legend>{t("routing.title")}</legend>
            <RoutingFieldset form={routing} choices={live} />
          </fieldset>
          <fieldset className={classes.part}>
            <legend>{t("rules.title")}</legend>
            <DraftRules live={live} rules={rules} change={setRules} />
          </fieldset>
          <fieldset className={classes.part}>
            <legend>{t("suppliers.title")}</legend>
            <DraftSuppliers
              live={live}
              agreements={agreements}
              flaws={flaws}
              change={(next, id) => {
                setAgreements(next);
                setFlaws(({ [id]: _, ...others }) => others);
              }}
            />
          </fieldset>
          {start.failure && <Failure>{wrong.length > 0 ? wrong.join(" ") : start.failure}</Failure>}
          <Group justify="space-between" gap="sm">
            <Text size="sm" c="dimmed" role="status">
              {changed.length > 0
                ? t("whatIf.differs", {
                    parts: changed.map((part) => t(`whatIf.part.${part}`)).join(", "),
                  })
                : t("whatIf.sameAsLive")}
            </Text>
            <Button
              type="submit"
              loading={start.running}
              leftSection={<Scale size={16} aria-hidden="true" />}
            >
              {t("whatIf.compare")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

/** A problem with the thing in which it is. */
function told({ field, message }: Problem, { rules, agreements }: Draft, live: Live): string {
  const [part, index] = field ?? [];
  const supplier = Object.keys(agreements)[Number(index)];
  const name =
    part === "rules"
      ? rules[Number(index)]?.name
      : part === "connections"
        ? live.suppliers.nodes.find(({ id }) => id === supplier)?.name
        : undefined;
  return name ? `${name}: ${sentence(message)}` : sentence(message);
}

interface PeriodChoiceProps {
  period: Period;
  change: (period: Period) => void;
  tried: boolean;
}

function PeriodChoice({ period, change, tried }: PeriodChoiceProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs">
      <Radio.Group
        label={t("whatIf.period")}
        value={period.days}
        onChange={(days) => change({ ...period, days: days as Period["days"] })}
      >
        <Group gap="md" mt={6}>
          {PERIODS.map((value) => (
            <Radio
              key={value}
              value={value}
              label={
                value === "own"
                  ? t("whatIf.ownDays")
                  : t("whatIf.lastDays", { count: Number(value) })
              }
            />
          ))}
        </Group>
      </Radio.Group>
      {period.days === "own" && (
        <Group gap="sm" align="flex-start">
          <TextInput
            type="date"
            label={t("whatIf.from")}
            required
            value={period.from}
            error={tried && !period.from ? t("whatIf.fromNeeded") : undefined}
            onChange={({ currentTarget: { value } }) => change({ ...period, from: value })}
          />
          <TextInput
            type="date"
            label={t("whatIf.to")}
            value={period.to}
            onChange={({ currentTarget: { value } }) => change({ ...period, to: value })}
          />
        </Group>
      )}
    </Stack>
  );
}
