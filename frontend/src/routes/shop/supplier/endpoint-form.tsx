/** Where an HTTP supplier takes orders, and the secret that signs them. */
import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { Section } from "../../../components/section";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { showProblems } from "../../../lib/form-problems";
import { tell } from "../../../lib/tell";
import { type SupplierFields, UpdateSupplier } from "./query";

export function EndpointForm({ supplier }: { supplier: ResultOf<typeof SupplierFields> }) {
  const { t } = useTranslation();
  const update = useAction(UpdateSupplier);
  const form = useForm({
    initialValues: { endpoint: supplier.endpoint ?? "", secret: "" },
    validate: {
      endpoint: (value) => (URL.canParse(value) ? null : t("suppliers.endpointRule")),
    },
  });
  const submit = form.onSubmit(async ({ endpoint, secret }) => {
    const input = { endpoint, ...(secret && { secret }) };
    const outcome = await update.run({ id: supplier.id, input });
    if (!outcome.ok) return showProblems(form, outcome.problems);
    form.setInitialValues({ endpoint, secret: "" });
    form.reset();
    tell(t("suppliers.endpointSaved"));
  });
  return (
    <Section title={t("suppliers.endpointTitle")}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <TextInput
            label={t("suppliers.endpoint")}
            type="url"
            required
            {...form.getInputProps("endpoint")}
          />
          <TextInput
            label={t("suppliers.newSecret")}
            description={t("suppliers.newSecretWhy")}
            type="password"
            autoComplete="off"
            {...form.getInputProps("secret")}
          />
          {update.failure && <Failure>{update.failure}</Failure>}
          <Group justify="flex-end">
            <Button type="submit" loading={update.running} disabled={!form.isDirty()}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
