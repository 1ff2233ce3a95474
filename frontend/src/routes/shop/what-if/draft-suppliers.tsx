/** Agreements with suppliers as a draft would have them. */
import { Badge, Button, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { SearchField } from "../../../components/search-field";
import type { Problem } from "../../../lib/action";
import { fieldErrors } from "../../../lib/field-errors";
import { sentence } from "../../../lib/sentence";
import { draftOf, fieldsOf } from "../supplier/costs-draft";
import { CostsFieldset } from "../supplier/costs-form";
import {
  type Agreement,
  type Agreements,
  type Buyable,
  buyable,
  costsOf,
  type Flaws,
  type Live,
} from "./draft";
import classes from "./what-if.module.css";

interface DraftSuppliersProps {
  live: Live;
  agreements: Agreements;
  flaws: Flaws;
  /** All of them, and which is other than before. */
  change: (agreements: Agreements, id: string) => void;
}

/** Besides those that the draft changes: whoever goes on by keys passes each of them. */
const MOST_SHOWN = 20;

export function DraftSuppliers({ live, agreements, flaws, change }: DraftSuppliersProps) {
  const { t } = useTranslation();
  const dialog = useDialog<Buyable>();
  const without = (id: string) => {
    const { [id]: _, ...others } = agreements;
    return others;
  };
  const [search, setSearch] = useState("");
  const suppliers = buyable(live);
  const matching = suppliers.filter(({ name, key }) =>
    `${name} ${key}`.toLowerCase().includes(search.toLowerCase()),
  );
  const first = new Set(matching.slice(0, MOST_SHOWN));
  const isShown = (supplier: Buyable) => agreements[supplier.id] || first.has(supplier);
  const hidden = matching.filter((supplier) => !isShown(supplier)).length;
  return (
    <>
      {suppliers.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("whatIf.noSuppliers")}
        </Text>
      )}
      {suppliers.length > MOST_SHOWN && (
        <SearchField
          label={t("whatIf.searchSuppliers")}
          placeholder={t("whatIf.searchFor")}
          value={search}
          onSearch={setSearch}
        />
      )}
      <ul className={classes.suppliers} aria-label={t("whatIf.suppliers")}>
        {suppliers.filter(isShown).map((supplier) => {
          const { id, name, connection } = supplier;
          const drafted = agreements[id];
          return (
            <li key={id}>
              <div>
                <Text fw={600} component="div">
                  {name}{" "}
                  {drafted && (
                    <Badge variant="light" tt="none">
                      {t("whatIf.changed")}
                    </Badge>
                  )}
                </Text>
                <Text size="sm" c="dimmed">
                  <Summary agreement={drafted ?? connection} />
                </Text>
                {flaws[id]?.map(({ field, message }) => (
                  <Text key={field?.join(".")} size="sm" c="var(--oy-bad-fg)" role="alert">
                    {sentence(message)}
                  </Text>
                ))}
              </div>
              <Group gap="xs">
                {drafted && (
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    aria-label={t("whatIf.asLiveOf", { name })}
                    onClick={() => change(without(id), id)}
                  >
                    {t("whatIf.asLive")}
                  </Button>
                )}
                <Button
                  variant="default"
                  size="compact-sm"
                  aria-label={t("whatIf.changeOf", { name })}
                  onClick={() => dialog.open(supplier)}
                >
                  {t("whatIf.change")}
                </Button>
              </Group>
            </li>
          );
        })}
      </ul>
      <Text size="sm" c="dimmed" role="status">
        {hidden > 0 && t("whatIf.moreSuppliers", { count: hidden })}
        {matching.length === 0 && suppliers.length > 0 && t("whatIf.noSupplierFound")}
      </Text>
      {dialog.which && (
        <DraftAgreement
          supplier={dialog.which}
          agreement={agreements[dialog.which.id] ?? dialog.which.connection}
          flaws={flaws[dialog.which.id] ?? []}
          close={dialog.close}
          keep={(agreement) => {
            const id = dialog.which?.id;
            if (id) change({ ...agreements, [id]: agreement }, id);
          }}
        />
      )}
    </>
  );
}

function Summary({ agreement }: { agreement: Agreement }) {
  const { t } = useTranslation();
  return [
    agreement.active ? t("whatIf.active") : t("whatIf.paused"),
    t("whatIf.priority", { priority: agreement.priority }),
    t("whatIf.handling", { count: agreement.handlingDays }),
    agreement.cutoffHour !== null && t("whatIf.cutoff", { hour: agreement.cutoffHour }),
    !agreement.dangerousGoods && t("whatIf.noDangerous"),
    agreement.checksAge && t("whatIf.age"),
    agreement.costs ? t("whatIf.costsKnown") : t("whatIf.costsUnknown"),
  ]
    .filter(Boolean)
    .join(" · ");
}

interface DraftAgreementProps {
  supplier: Buyable;
  agreement: Agreement;
  flaws: readonly Problem[];
  keep: (agreement: Agreement) => void;
  close: (done?: boolean) => void;
}

function DraftAgreement({ supplier, agreement, flaws, keep, close }: DraftAgreementProps) {
  const { t } = useTranslation();
  const initialValues = {
    active: agreement.active,
    priority: agreement.priority,
    priceTolerancePct: agreement.priceTolerancePct,
    handlingDays: agreement.handlingDays,
    cutoffHour: (agreement.cutoffHour ?? "") as number | "",
    dangerousGoods: agreement.dangerousGoods,
    checksAge: agreement.checksAge,
    hasCosts: agreement.costs !== null,
  };
  const form = useForm({
    initialValues,
    initialErrors: fieldErrors(flaws, Object.keys(initialValues)),
  });
  const known = draftOf(agreement.costs, supplier.currency);
  const ofCosts = flaws
    .filter(({ field }) => field?.[0] === "costs")
    .map(({ field, ...flaw }) => ({ ...flaw, field: field?.slice(1) ?? null }));
  const costs = useForm({
    initialValues: known,
    initialErrors: fieldErrors(ofCosts, fieldsOf(known)),
  });
  return (
    <FormDialog
      title={t("whatIf.agreement", { name: supplier.name })}
      intro={t("whatIf.agreementWhy")}
      confirm={t("whatIf.keep")}
      running={false}
      failure={undefined}
      size="lg"
      onClose={close}
      onConfirm={() => {
        const { hasCosts, ...values } = form.values;
        keep({
          ...values,
          priority: Number(values.priority),
          handlingDays: Number(values.handlingDays),
          cutoffHour: values.cutoffHour === "" ? null : values.cutoffHour,
          priceTolerancePct: String(values.priceTolerancePct || "0"),
          costs: costs.isDirty() || !hasCosts ? costsOf(hasCosts, costs.values) : agreement.costs,
        });
        close();
      }}
    >
      <Switch
        label={t("connection.active")}
        {...form.getInputProps("active", { type: "checkbox" })}
      />
      <div className={classes.numbers}>
        <NumberInput
          label={t("connection.priority")}
          min={1}
          max={1000}
          allowDecimal={false}
          clampBehavior="strict"
          {...form.getInputProps("priority")}
        />
        <NumberInput
          label={t("connection.tolerance")}
          min={0}
          max={100}
          decimalScale={2}
          suffix=" %"
          {...form.getInputProps("priceTolerancePct")}
        />
        <NumberInput
          label={t("connection.handling")}
          min={0}
          max={60}
          allowDecimal={false}
          {...form.getInputProps("handlingDays")}
        />
        <NumberInput
          label={t("connection.cutoff")}
          min={0}
          max={23}
          allowDecimal={false}
          suffix=":00"
          {...form.getInputProps("cutoffHour")}
        />
      </div>
      <Switch
        label={t("connection.dangerous")}
        {...form.getInputProps("dangerousGoods", { type: "checkbox" })}
      />
      <Switch
        label={t("connection.age")}
        {...form.getInputProps("checksAge", { type: "checkbox" })}
      />
      <Switch
        label={t("whatIf.hasCosts")}
        description={t("whatIf.hasCostsWhy")}
        {...form.getInputProps("hasCosts", { type: "checkbox" })}
      />
      {form.values.hasCosts && (
        <Stack gap="sm">
          <CostsFieldset form={costs} />
        </Stack>
      )}
    </FormDialog>
  );
}
