/** Inviting a person by e-mail address; the link appears once, to be sent on. */
import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Outcome } from "../lib/action";
import { useRequiredText } from "../lib/required-text";
import { Failure } from "./feedback";
import { SecretOnce } from "./secret-once";

interface InviteFormProps {
  label: string;
  description: string;
  running: boolean;
  failure: string | undefined;
  /** Asks the server and takes the link out of its answer. */
  invite: (email: string) => Promise<Outcome<string | null>>;
}

export function InviteForm({ label, description, running, failure, invite }: InviteFormProps) {
  const { t } = useTranslation();
  const email = useRequiredText<HTMLInputElement>(t("invite.emailNeeded"));
  const [made, setMade] = useState<{ email: string; link: string }>();
  const submit = async () => {
    const address = email.take();
    if (!address) return;
    setMade(undefined);
    const outcome = await invite(address);
    if (outcome.ok && outcome.data) setMade({ email: address, link: outcome.data });
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={label}
          description={description}
          type="email"
          autoComplete="off"
          {...email.props}
        />
        {failure && <Failure>{failure}</Failure>}
        <Group justify="flex-end">
          <Button type="submit" variant="default" loading={running}>
            {t("invite.create")}
          </Button>
        </Group>
        {made && <SecretOnce label={t("invite.link", { email: made.email })} value={made.link} />}
      </Stack>
    </form>
  );
}
