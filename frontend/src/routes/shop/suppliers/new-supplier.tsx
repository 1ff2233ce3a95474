/** Adding a supplier: how orders reach them decides what else is asked. */
import { Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { FormDialog } from "../../../components/dialog";
import type { EnumOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { showProblems } from "../../../lib/form-problems";
import { tell } from "../../../lib/tell";
import { CreateSupplier } from "./query";

export function NewSupplier({ close }: { close: (done?: boolean) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useAction(CreateSupplier);
  const form = useForm({
    initialValues: {
      name: "",
      key: "",
      connector: "PORTAL" as EnumOf<"Connector">,
      currency: "EUR",
      endpoint: "",
      secret: "",
    },
    validate: {
      name: (value) => (value.trim() ? null : t("suppliers.nameNeeded")),
      key: (value) => (/^[a-z0-9][a-z0-9-]*$/.test(value) ? null : t("suppliers.keyRule")),
      currency: (value) => (/^[A-Z]{3}$/.test(value) ? null : t("suppliers.currencyRule")),
      endpoint: (value, { connector }) =>
        connector === "HTTP" && !URL.canParse(value) ? t("suppliers.endpointRule") : null,
    },
  });
  const http = form.values.connector === "HTTP";

  const submit = form.onSubmit(async ({ endpoint, secret, ...values }) => {
    const outcome = await create.run({
      input: {
        ...values,
        ...(http && { endpoint, ...(secret && { secret }) }),
        connection: { active: true },
      },
    });
    if (!outcome.ok) return showProblems(form, outcome.problems);
    close(true);
    tell(t("suppliers.added", { name: values.name }));
    const id = outcome.data.createSupplier.supplier?.id;
    if (id) await navigate({ to: "/suppliers/$id", params: { id } });
  });

  return (
    <FormDialog
      title={t("suppliers.add")}
      confirm={t("suppliers.add")}
      running={create.running}
      failure={create.failure}
      onClose={close}
      onConfirm={() => submit()}
    >
      <TextInput
        label={t("suppliers.name")}
        required
        data-autofocus
        {...form.getInputProps("name")}
        onBlur={() => {
          if (!form.values.key) form.setFieldValue("key", keyFrom(form.values.name));
        }}
      />
      <TextInput
        label={t("suppliers.key")}
        description={t("suppliers.keyWhy")}
        required
        {...form.getInputProps("key")}
      />
      <Radio.Group label={t("suppliers.connector")} {...form.getInputProps("connector")}>
        <Stack gap="xs" mt={6}>
          <Radio
            value="PORTAL"
            label={t("connector.PORTAL")}
            description={t("connector.portalWhy")}
          />
          <Radio value="HTTP" label={t("connector.HTTP")} description={t("connector.httpWhy")} />
        </Stack>
      </Radio.Group>
      {http && (
        <>
          <TextInput
            label={t("suppliers.endpoint")}
            type="url"
            placeholder="https://"
            required
            {...form.getInputProps("endpoint")}
          />
          <TextInput
            label={t("suppliers.secret")}
            description={t("suppliers.secretWhy")}
            type="password"
            autoComplete="off"
            {...form.getInputProps("secret")}
          />
        </>
      )}
      <TextInput
        label={t("suppliers.currency")}
        description={t("suppliers.currencyWhy")}
        required
        maxLength={3}
        w={120}
        {...form.getInputProps("currency")}
      />
    </FormDialog>
  );
}

function keyFrom(name: string): string {
  return name
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
