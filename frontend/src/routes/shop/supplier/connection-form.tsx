/** The shop's agreement with a supplier: rank, tolerance, handling time, active or not. */
import { Button, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { Section } from "../../../components/section";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { showProblems } from "../../../lib/form-problems";
import { tell } from "../../../lib/tell";
import { ConnectSupplier, type SupplierFields } from "./query";

type Supplier = ResultOf<typeof SupplierFields>;

export function ConnectionForm({ supplier }: { supplier: Supplier }) {
  const { t } = useTranslation();
  const connect = useAction(ConnectSupplier);
  const { connection } = supplier;
  const form = useForm({
    initialValues: {
      active: connection?.active ?? true,
      priority: connection?.priority ?? 10,
      priceTolerancePct: connection?.priceTolerancePct ?? "0",
      handlingDays: connection?.handlingDays ?? 1,
      answerHours: connection?.answerHours ?? 0,
    },
  });

  const submit = form.onSubmit(async (values) => {
    const input = { ...values, priceTolerancePct: String(values.priceTolerancePct) };
    const outcome = await connect.run({ supplierId: supplier.id, input });
    if (!outcome.ok) return showProblems(form, outcome.problems);
    form.resetDirty();
    tell(t("connection.saved"));
  });

  return (
    <Section title={t("connection.title")}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          {!connection && (
            <Text size="sm" c="dimmed">
              {t("connection.none")}
            </Text>
          )}
          <Switch
            label={t("connection.active")}
            description={t("connection.activeWhy")}
            {...form.getInputProps("active", { type: "checkbox" })}
          />
          <NumberInput
            label={t("connection.priority")}
            description={t("connection.priorityWhy")}
            min={1}
            max={1000}
            allowDecimal={false}
            {...form.getInputProps("priority")}
          />
          <NumberInput
            label={t("connection.tolerance")}
            description={t("connection.toleranceWhy")}
            min={0}
            max={100}
            decimalScale={2}
            suffix=" %"
            {...form.getInputProps("priceTolerancePct")}
          />
          <NumberInput
            label={t("connection.handling")}
            description={t("connection.handlingWhy")}
            min={0}
            max={60}
            allowDecimal={false}
            {...form.getInputProps("handlingDays")}
          />
          <NumberInput
            label={t("connection.answer")}
            description={t("connection.answerWhy")}
            min={0}
            max={8760}
            allowDecimal={false}
            {...form.getInputProps("answerHours")}
          />
          {connect.failure && <Failure>{connect.failure}</Failure>}
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={connect.running}
              disabled={!form.isDirty() && !!connection}
            >
              {connection ? t("save") : t("connection.connect")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
