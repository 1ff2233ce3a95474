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
import { useTranslation } from "react-i18next";
import { FormDialog } from "../../../components/dialog";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { showProblems } from "../../../lib/form-problems";
import { tell } from "../../../lib/tell";
import { type OfferRow, SaveOffer, type SupplierFields } from "./query";

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
      barcode: offer?.barcode ?? "",
      stock: (offer?.stock ?? "") as number | "",
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

  const submit = form.onSubmit(async ({ barcode, stock, weightG, minimumAge, ...rest }) => {
    const { lengthMm, widthMm, heightMm, ...values } = rest;
    const outcome = await save.run({
      input: {
        ...values,
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
    if (!outcome.ok) return showProblems(form, outcome.problems);
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
        <TextInput
          label={t("offers.costIn", { currency: supplier.currency })}
          inputMode="decimal"
          required
          {...form.getInputProps("cost")}
          onChange={(event) =>
            form.setFieldValue("cost", event.currentTarget.value.replace(",", "."))
          }
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

function Side(props: NumberInputProps) {
  return <NumberInput min={1} max={100_000} allowDecimal={false} suffix=" mm" {...props} />;
}
