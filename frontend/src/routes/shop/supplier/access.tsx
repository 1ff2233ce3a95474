/** How a supplier gets in: their people by invitation, their systems by a key. */
import { Button, Divider, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { InviteForm } from "../../../components/invite-form";
import { SecretOnce } from "../../../components/secret-once";
import { Section } from "../../../components/section";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { CreateSupplierKey, InviteSupplierUser, type SupplierFields } from "./query";

export function Access({ supplier }: { supplier: ResultOf<typeof SupplierFields> }) {
  const { t } = useTranslation();
  const invite = useAction(InviteSupplierUser);
  return (
    <Section title={t("access.title")}>
      <Stack gap="md">
        <InviteForm
          label={t("access.email")}
          description={t("access.emailWhy", { name: supplier.name })}
          running={invite.running}
          failure={invite.failure}
          invite={async (email) => {
            const outcome = await invite.run({ supplierId: supplier.id, email });
            return outcome.ok ? { ok: true, data: outcome.data.inviteSupplierUser.link } : outcome;
          }}
        />
        <Divider />
        <ApiKey supplier={supplier} />
      </Stack>
    </Section>
  );
}

function ApiKey({ supplier }: { supplier: ResultOf<typeof SupplierFields> }) {
  const { t } = useTranslation();
  const create = useAction(CreateSupplierKey);
  const { which, open, close } = useDialog<"key">();
  const [key, setKey] = useState<string>();
  const confirm = async () => {
    const outcome = await create.run({ supplierId: supplier.id });
    if (!outcome.ok) return;
    setKey(outcome.data.createSupplierKey.key ?? undefined);
    close();
  };
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {t("access.keyWhy")}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={() => open("key")}>
          {t("access.createKey")}
        </Button>
      </Group>
      {key && <SecretOnce label={t("access.key", { name: supplier.name })} value={key} />}
      {which && (
        <FormDialog
          title={t("access.createKey")}
          intro={t("access.createKeyIntro", { name: supplier.name })}
          confirm={t("access.createKey")}
          running={create.running}
          failure={create.failure}
          onClose={close}
          onConfirm={() => void confirm()}
        />
      )}
    </Stack>
  );
}
