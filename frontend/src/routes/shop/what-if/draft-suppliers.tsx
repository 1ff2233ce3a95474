/** Agreements with suppliers as a draft would have them. */
import { Badge, Button, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { draftOf } from "../supplier/costs-draft";
import { CostsFieldset } from "../supplier/costs-form";
import {
  type Agreement,
  type Agreements,
  type Buyable,
  buyable,
  costsOf,
  type Live,
} from "./draft";
import classes from "./what-if.module.css";

interface DraftSuppliersProps {
  live: Live;
  agreements: Agreements;
  change: (agreements: Agreements) => void;
}

export function DraftSuppliers({ live, agreements, change }: DraftSuppliersProps) {
  const { t } = useTranslation();
  const dialog = useDialog<Buyable>();
  const without = (id: string) => {
    const { [id]: _, ...others } = agreements;
    return others;
  };
  const suppliers = buyable(live);
  return (
    <>
      {suppliers.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("whatIf.noSuppliers")}
        </Text>
      )}
      <ul className={classes.suppliers} aria-label={t("whatIf.suppliers")}>
        {suppliers.map((supplier) => {
          const { id, name, connection } = supplier;
          const drafted = agreements[id];
          return (
            <li key={id}>
              <div>
                <Text fw={600}>
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
              </div>
              <Group gap="xs">
                {drafted && (
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    aria-label={t("whatIf.asLiveOf", { name })}
                    onClick={() => change(without(id))}
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
      {dialog.which && (
        <DraftAgreement
          supplier={dialog.which}
          agreement={agreements[dialog.which.id] ?? dialog.which.connection}
          close={dialog.close}
          keep={(agreement) => {
            if (dialog.which) change({ ...agreements, [dialog.which.id]: agreement });
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
    agreement.costs ? t("whatIf.costsKnown") : t("whatIf.costsUnknown"),
  ].join(" · ");
}

interface DraftAgreementProps {
  supplier: Buyable;
  agreement: Agreement;
  keep: (agreement: Agreement) => void;
  close: (done?: boolean) => void;
}

function DraftAgreement({ supplier, agreement, keep, close }: DraftAgreementProps) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      active: agreement.active,
      priority: agreement.priority,
      priceTolerancePct: agreement.priceTolerancePct,
      handlingDays: agreement.handlingDays,
      hasCosts: agreement.costs !== null,
    },
  });
  const costs = useForm({ initialValues: draftOf(agreement.costs, supplier.currency) });
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
      </div>
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
