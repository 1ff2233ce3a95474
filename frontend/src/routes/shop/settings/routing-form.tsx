/** Strategy, weights, shares and exchange rates. */
import { Button, Group, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { DecimalInput } from "../../../components/decimal-input";
import { Failure, Loaded, RowsSkeleton } from "../../../components/feedback";
import { FieldGroup } from "../../../components/field-group";
import { FormRows } from "../../../components/form-rows";
import { Section } from "../../../components/section";
import type { EnumOf, ResultOf, VariablesOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { fieldErrors } from "../../../lib/field-errors";
import { EVERY, useLive } from "../../../lib/live";
import { shopDay } from "../../../lib/shop-day";
import { tell } from "../../../lib/tell";
import { MoreSuppliers, useAllSuppliers } from "../all-suppliers";
import classes from "./routing.module.css";
import { type RoutingFields, RoutingQuery, UpdateRouting } from "./routing-query";

type Data = ResultOf<typeof RoutingQuery>;
type Strategy = EnumOf<"RoutingStrategy">;

const STRATEGIES = [
  "PRIORITY",
  "CHEAPEST",
  "FASTEST",
  "FEWEST_PARCELS",
  "PREFERRED_SUPPLIER",
  "BALANCED_SHARE",
  "OWN_STOCK_FIRST",
] as const;

const WEIGHTS = [
  "perParcel",
  "latePerDay",
  "perUnitDay",
  "perUnitNotOwn",
  "perUnitPriority",
  "perUnfilledPiece",
  "perLatePiece",
] as const;

export function RoutingSettings() {
  const live = useAllSuppliers(useLive({ query: RoutingQuery }, EVERY.calm), MoreSuppliers);
  const { t } = useTranslation();
  return (
    <Section title={t("routing.title")} intro={t("routing.intro")}>
      <Loaded live={live} skeleton={<RowsSkeleton rows={4} />}>
        {(data) => <RoutingForm data={data} />}
      </Loaded>
    </Section>
  );
}

/** What there is to choose from. */
export interface RoutingChoices {
  shop: { currency: string; timeZone: string };
  suppliers: { nodes: readonly Supplier[] };
}
type Supplier = Pick<Data["suppliers"]["nodes"][number], "key" | "name"> & { connection: unknown };

export function routingValues(routing: ResultOf<typeof RoutingFields>) {
  return {
    strategy: routing.strategy,
    promisedDays: routing.promisedDays ?? ("" as number | ""),
    shareDays: routing.shareDays ?? (30 as number | ""),
    weights: Object.fromEntries(
      WEIGHTS.map((name) => [name, routing.weights[name] ?? ""]),
    ) as Record<(typeof WEIGHTS)[number], string>,
    shares: routing.shares.map(({ supplier, percent }) => ({ supplier, percent })),
    rates: routing.rates.map(({ from, to, rate, on }) => ({ from, to, rate, on })),
  };
}

export type RoutingValues = ReturnType<typeof routingValues>;

export function routingFields({ shares, rates }: RoutingValues): string[] {
  return [
    "promisedDays",
    "shareDays",
    ...WEIGHTS.map((name) => `weights.${name}`),
    "shares",
    ...shares.flatMap((_, row) => [`shares.${row}.supplier`, `shares.${row}.percent`]),
    "rates",
    ...rates.flatMap((_, row) => ["from", "to", "rate", "on"].map((key) => `rates.${row}.${key}`)),
  ];
}

const countsCosts = (strategy: Strategy) => strategy !== "PRIORITY";
const hasShares = (strategy: Strategy) => strategy === "BALANCED_SHARE";

/** What the strategy does not show is as it was kept: nobody sees what is half-filled there. */
export function routingInput(
  values: RoutingValues,
  kept: RoutingValues,
): VariablesOf<typeof UpdateRouting>["input"] {
  const { strategy } = values;
  const { promisedDays, weights, rates } = countsCosts(strategy) ? values : kept;
  const { shares, shareDays } = hasShares(strategy) ? values : kept;
  return {
    strategy,
    shares,
    rates,
    promisedDays: promisedDays === "" ? null : Number(promisedDays),
    shareDays: shareDays === "" ? null : Number(shareDays),
    weights: Object.fromEntries(
      WEIGHTS.map((name) => [name, String(weights[name]).trim() || null]),
    ),
  };
}

function RoutingForm({ data }: { data: Data }) {
  const { t } = useTranslation();
  const update = useAction(UpdateRouting);
  const kept = routingValues(data.shop.settings.routing);
  const form = useForm({ initialValues: kept });

  const submit = form.onSubmit(async (values) => {
    const outcome = await update.run({ input: routingInput(values, kept) });
    if (!outcome.ok) return form.setErrors(fieldErrors(outcome.problems, routingFields(values)));
    form.resetDirty();
    tell(t("settings.saved"));
  });

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <RoutingFieldset form={form} choices={data} />
        {update.failure && <Failure>{update.failure}</Failure>}
        <Group justify="flex-end">
          <Button type="submit" loading={update.running} disabled={!form.isDirty()}>
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type Form = ReturnType<typeof useForm<RoutingValues>>;

export function RoutingFieldset({ form, choices }: { form: Form; choices: RoutingChoices }) {
  const { t } = useTranslation();
  const { shop } = choices;
  const { strategy } = form.values;
  return (
    <>
      <Select
        label={t("routing.strategy")}
        description={t(`routing.means.${strategy}`)}
        data={STRATEGIES.map((value) => ({ value, label: t(`strategy.${value}`) }))}
        allowDeselect={false}
        {...form.getInputProps("strategy")}
        onChange={(value) => form.setFieldValue("strategy", value as Strategy)}
      />
      {hasShares(strategy) && <Shares form={form} choices={choices} />}
      {countsCosts(strategy) && (
        <>
          <NumberInput
            label={t("routing.promisedDays")}
            min={0}
            max={365}
            allowDecimal={false}
            {...form.getInputProps("promisedDays")}
          />
          <FieldGroup title={t("routing.weights", { currency: shop.currency })}>
            <Text size="sm" c="dimmed">
              {t("routing.weightsWhy")}
            </Text>
            <div className={classes.grid}>
              {WEIGHTS.map((name) => (
                <DecimalInput
                  key={name}
                  label={t(`routing.weight.${name}`)}
                  {...form.getInputProps(`weights.${name}`)}
                />
              ))}
            </div>
          </FieldGroup>
          <Rates form={form} shop={shop} />
        </>
      )}
    </>
  );
}

function Shares({ form, choices }: { form: Form; choices: RoutingChoices }) {
  const { t } = useTranslation();
  const suppliers = choices.suppliers.nodes.filter(({ connection }) => connection);
  return (
    <FormRows
      title={t("routing.shares")}
      count={form.values.shares.length}
      row={(row, named) => (
        <>
          <Select
            className={classes.wide}
            label={t("routing.shareOf", { row: row + 1 })}
            data={suppliers.map(({ key, name }) => ({ value: key, label: name }))}
            allowDeselect={false}
            searchable
            {...form.getInputProps(`shares.${row}.supplier`)}
          />
          <DecimalInput
            className={classes.narrow}
            {...named(t("routing.sharePercent"))}
            {...form.getInputProps(`shares.${row}.percent`)}
          />
        </>
      )}
      removal={(row) => t("routing.removeShare", { row: row + 1 })}
      remove={(row) => form.removeListItem("shares", row)}
      error={form.errors.shares}
      addition={t("routing.addShare")}
      add={() => form.insertListItem("shares", { supplier: "", percent: "" })}
    >
      <NumberInput
        className={classes.days}
        label={t("routing.shareDays")}
        min={1}
        max={365}
        allowDecimal={false}
        {...form.getInputProps("shareDays")}
      />
    </FormRows>
  );
}

function Rates({ form, shop }: { form: Form; shop: RoutingChoices["shop"] }) {
  const { t } = useTranslation();
  return (
    <FormRows
      title={t("routing.rates")}
      why={t("routing.ratesWhy")}
      count={form.values.rates.length}
      rowClass={classes.rate}
      row={(row, named) => (
        <>
          <TextInput
            {...named(t("routing.rateFrom"))}
            maxLength={3}
            {...form.getInputProps(`rates.${row}.from`)}
          />
          <TextInput
            {...named(t("routing.rateTo"))}
            maxLength={3}
            {...form.getInputProps(`rates.${row}.to`)}
          />
          <DecimalInput
            {...named(t("routing.rate"))}
            {...form.getInputProps(`rates.${row}.rate`)}
          />
          <TextInput
            type="date"
            {...named(t("routing.rateOn"))}
            {...form.getInputProps(`rates.${row}.on`)}
          />
        </>
      )}
      removal={(row) => t("routing.removeRate", { row: row + 1 })}
      remove={(row) => form.removeListItem("rates", row)}
      error={form.errors.rates}
      addition={t("routing.addRate")}
      add={() => {
        const on = shopDay(shop.timeZone, new Date());
        form.insertListItem("rates", { from: "", to: shop.currency, rate: "", on });
      }}
    />
  );
}
