/** What the supplier charges besides the goods: fees, and shipping by zone and weight. */
import {
  Button,
  Group,
  NumberInput,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { DecimalInput } from "../../../components/decimal-input";
import { Failure } from "../../../components/feedback";
import { FieldGroup } from "../../../components/field-group";
import { RowsEnd } from "../../../components/form-rows";
import { Section } from "../../../components/section";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { fieldErrors } from "../../../lib/field-errors";
import { tell } from "../../../lib/tell";
import classes from "../settings/routing.module.css";
import { type CostsDraft, draftOf, emptyZone, fieldsOf, inputOf } from "./costs-draft";
import { SaveCosts } from "./costs-query";
import type { SupplierFields } from "./query";

type Supplier = ResultOf<typeof SupplierFields>;

export function CostsForm({ supplier }: { supplier: Supplier }) {
  const { t } = useTranslation();
  const save = useAction(SaveCosts);
  const known = supplier.connection?.costs;
  const form = useForm({ initialValues: draftOf(known, supplier.currency) });

  const submit = form.onSubmit(async (draft) => {
    const outcome = await save.run({ supplierId: supplier.id, input: inputOf(draft) });
    if (!outcome.ok) return form.setErrors(fieldErrors(outcome.problems, fieldsOf(draft)));
    form.resetDirty();
    tell(t("costs.saved"));
  });

  return (
    <Section title={t("costs.title")} intro={t("costs.intro")}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          {!known && (
            <Text size="sm" c="dimmed">
              {t("costs.none")}
            </Text>
          )}
          <CostsFieldset form={form} />
          {save.failure && <Failure>{save.failure}</Failure>}
          <Group justify="flex-end">
            <Button type="submit" loading={save.running} disabled={!form.isDirty()}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

type Form = ReturnType<typeof useForm<CostsDraft>>;

export function CostsFieldset({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <>
      <div className={classes.grid}>
        <TextInput label={t("costs.currency")} maxLength={3} {...form.getInputProps("currency")} />
        <DecimalInput label={t("costs.perOrder")} {...form.getInputProps("perOrder")} />
        <DecimalInput label={t("costs.perParcel")} {...form.getInputProps("perParcel")} />
        <DecimalInput label={t("costs.fillRate")} {...form.getInputProps("fillRatePct")} />
      </div>
      <Switch
        label={t("costs.ownStock")}
        {...form.getInputProps("ownStock", { type: "checkbox" })}
      />
      {form.values.zones.map((zone, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: zones have no other name
        <Zone key={row} form={form} row={row} name={zone.name} />
      ))}
      <RowsEnd
        error={form.errors.zones}
        addition={t("costs.addZone")}
        add={() => form.insertListItem("zones", emptyZone())}
      />
    </>
  );
}

function Zone({ form, row, name }: { form: Form; row: number; name: string }) {
  const { t } = useTranslation();
  const input = (field: string) => form.getInputProps(`zones.${row}.${field}`);
  return (
    <FieldGroup title={t("costs.zone", { row: row + 1 })}>
      <TextInput label={t("costs.zoneName")} {...input("name")} />
      <TextInput
        label={t("costs.countries")}
        description={t("costs.countriesWhy")}
        {...input("countries")}
      />
      <TextInput label={t("costs.provinces")} {...input("provinces")} />
      <Textarea
        label={t("costs.postcodes")}
        description={t("costs.postcodesWhy")}
        autosize
        {...input("postcodes")}
      />
      <div className={classes.grid}>
        <NumberInput
          label={t("costs.transitDays")}
          min={0}
          max={365}
          allowDecimal={false}
          {...input("transitDays")}
        />
        <DecimalInput label={t("costs.duty")} {...input("dutyPct")} />
        <DecimalInput label={t("costs.tax")} {...input("taxPct")} />
      </div>
      <Textarea
        label={t("costs.brackets")}
        description={t("costs.bracketsWhy")}
        autosize
        minRows={2}
        {...input("brackets")}
      />
      <Group justify="flex-end">
        <Button
          variant="subtle"
          size="xs"
          aria-label={t("routing.remove", { what: name || t("costs.zone", { row: row + 1 }) })}
          onClick={() => form.removeListItem("zones", row)}
        >
          {t("costs.removeZone")}
        </Button>
      </Group>
    </FieldGroup>
  );
}
