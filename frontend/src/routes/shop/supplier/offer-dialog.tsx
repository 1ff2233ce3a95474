/** Adding an offer or changing one. The SKU names it, so it stays. */
import {
  Group,
  NumberInput,
  type NumberInputProps,
  Switch,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { DecimalInput } from "../../../components/decimal-input";
import { FormDialog } from "../../../components/dialog";
import { FormRows } from "../../../components/form-rows";
import type { ResultOf } from "../../../gql/graphql";
import { type Problem, useAction } from "../../../lib/action";
import { fieldErrors } from "../../../lib/field-errors";
import { showProblems } from "../../../lib/form-problems";
import { tell } from "../../../lib/tell";
import classes from "../settings/routing.module.css";
import { type OfferRow, SaveOffer, type SupplierFields } from "./query";

interface PriceBreak {
  from: number | "";
  cost: string;
}

interface OfferDialogProps {
  supplier: ResultOf<typeof SupplierFields>;
  offer: ResultOf<typeof OfferRow> | undefined;
  close: (done?: boolean) => void;
}

export function OfferDialog({ supplier, offer, close }: OfferDialogProps) {
  const { t } = useTranslation();
  const save = useAction(SaveOffer);
  const form = useForm({
    initialValues: {
      sku: offer?.sku ?? "",
      title: offer?.title ?? "",
      cost: offer?.cost.decimalText ?? "",
      priceBreaks: (offer?.priceBreaks ?? []).map(({ from, cost }): PriceBreak => ({ from, cost })),
      barcode: offer?.barcode ?? "",
      stock: (offer?.stock ?? "") as number | "",
      counted: false,
      weightG: (offer?.weightG ?? "") as number | "",
      dangerousGoods: offer?.dangerousGoods ?? false,
      minimumAge: (offer?.minimumAge ?? "") as number | "",
      lengthMm: (offer?.sizeMm?.[0] ?? "") as number | "",
      widthMm: (offer?.sizeMm?.[1] ?? "") as number | "",
      heightMm: (offer?.sizeMm?.[2] ?? "") as number | "",
      shipsTo: offer?.shipsTo ?? [],
      active: offer?.active ?? true,
    },
    validate: {
      sku: (value) => (value.trim() ? null : t("offers.skuNeeded")),
      title: (value) => (value.trim() ? null : t("offers.titleNeeded")),
      cost: (value) => (/^\d{1,12}([.]\d{1,4})?$/.test(value) ? null : t("offers.costRule")),
      heightMm: (height, { lengthMm, widthMm }) =>
        [height, lengthMm, widthMm].some((side) => side === "") &&
        [height, lengthMm, widthMm].some((side) => side !== "")
          ? t("offers.sizeRule")
          : null,
      shipsTo: (codes) =>
        codes.every((code) => /^[A-Z]{2}$/.test(code)) ? null : t("offers.shipsToRule"),
    },
  });

  const submit = form.onSubmit(async (values) => {
    const { barcode, stock, weightG, minimumAge, priceBreaks, ...rest } = values;
    const { lengthMm, widthMm, heightMm, ...plain } = rest;
    const outcome = await save.run({
      input: {
        ...plain,
        priceBreaks: priceBreaks.map(({ from, cost }) => ({ from: Number(from), cost })),
        supplierId: supplier.id,
        currency: supplier.currency,
        barcode: barcode || null,
        stock: stock === "" ? null : stock,
        weightG: weightG === "" ? null : weightG,
        minimumAge: minimumAge === "" ? null : minimumAge,
        sizeMm:
          lengthMm === "" || widthMm === "" || heightMm === ""
            ? null
            : [lengthMm, widthMm, heightMm],
      },
    });
    if (!outcome.ok) {
      const isBreak = ({ field }: Problem) => field?.[0] === "priceBreaks";
      const fields = priceBreaks.flatMap((_, row) => [
        `priceBreaks.${row}.from`,
        `priceBreaks.${row}.cost`,
      ]);
      form.setErrors(fieldErrors(outcome.problems.filter(isBreak), ["priceBreaks", ...fields]));
      return showProblems(
        form,
        outcome.problems.filter((problem) => !isBreak(problem)),
      );
    }
    tell(t("offers.saved"));
    close();
  });

  return (
    <FormDialog
      title={offer ? offer.title : t("offers.add")}
      confirm={t("save")}
      running={save.running}
      failure={save.failure}
      onClose={close}
      onConfirm={() => submit()}
    >
      <TextInput
        label={t("offers.sku")}
        required
        readOnly={offer !== undefined}
        description={offer ? t("offers.skuFixed") : undefined}
        data-autofocus={!offer}
        {...form.getInputProps("sku")}
      />
      <TextInput label={t("offers.name")} required {...form.getInputProps("title")} />
      <Group grow align="flex-start">
        <DecimalInput
          label={t("offers.costIn", { currency: supplier.currency })}
          required
          {...form.getInputProps("cost")}
        />
        <NumberInput
          label={t("offers.stock")}
          description={t("offers.stockWhy")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          min={0}
          allowDecimal={false}
          {...form.getInputProps("stock")}
        />
      </Group>
      {offer && form.values.stock !== "" && (
        <Switch
          label={t("offers.counted")}
          description={t("offers.countedWhy")}
          {...form.getInputProps("counted", { type: "checkbox" })}
        />
      )}
      <PriceBreaks form={form} />
      <Group grow align="flex-start">
        <TextInput label={t("offers.barcode")} {...form.getInputProps("barcode")} />
        <NumberInput
          label={t("offers.weight")}
          min={0}
          allowDecimal={false}
          suffix=" g"
          {...form.getInputProps("weightG")}
        />
      </Group>
      <Group grow align="flex-start">
        <Side label={t("offers.length")} {...form.getInputProps("lengthMm")} />
        <Side label={t("offers.width")} {...form.getInputProps("widthMm")} />
        <Side label={t("offers.height")} {...form.getInputProps("heightMm")} />
      </Group>
      <Switch
        label={t("offers.dangerous")}
        description={t("offers.dangerousWhy")}
        {...form.getInputProps("dangerousGoods", { type: "checkbox" })}
      />
      <NumberInput
        label={t("offers.minimumAge")}
        description={t("offers.minimumAgeWhy")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        min={1}
        max={99}
        allowDecimal={false}
        {...form.getInputProps("minimumAge")}
      />
      <TagsInput
        label={t("offers.shipsTo")}
        description={t("offers.shipsToWhy")}
        splitChars={[",", " "]}
        {...form.getInputProps("shipsTo")}
        onChange={(codes) =>
          form.setFieldValue(
            "shipsTo",
            codes.map((code) => code.toUpperCase()),
          )
        }
      />
      <Switch label={t("offers.active")} {...form.getInputProps("active", { type: "checkbox" })} />
    </FormDialog>
  );
}

interface BreaksForm {
  values: { priceBreaks: PriceBreak[] };
  errors: Record<string, ReactNode>;
  getInputProps: (path: string) => object;
  insertListItem: (path: "priceBreaks", item: PriceBreak) => void;
  removeListItem: (path: "priceBreaks", index: number) => void;
}

/** What each piece costs where an order takes at least so many. */
function PriceBreaks({ form }: { form: BreaksForm }) {
  const { t } = useTranslation();
  return (
    <FormRows
      title={t("offers.breaks")}
      why={t("offers.breaksWhy")}
      count={form.values.priceBreaks.length}
      row={(row, named) => (
        <>
          <NumberInput
            className={classes.wide}
            {...named(t("offers.breakFrom"))}
            min={2}
            allowDecimal={false}
            {...form.getInputProps(`priceBreaks.${row}.from`)}
          />
          <DecimalInput
            className={classes.wide}
            {...named(t("offers.breakCost"))}
            {...form.getInputProps(`priceBreaks.${row}.cost`)}
          />
        </>
      )}
      removal={(row) => t("offers.removeBreak", { row: row + 1 })}
      remove={(row) => form.removeListItem("priceBreaks", row)}
      error={form.errors.priceBreaks}
      addition={t("offers.addBreak")}
      add={() => form.insertListItem("priceBreaks", { from: "", cost: "" })}
    />
  );
}

function Side(props: NumberInputProps) {
  return <NumberInput min={1} max={100_000} allowDecimal={false} suffix=" mm" {...props} />;
}
