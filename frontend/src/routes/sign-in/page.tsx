/** The sign-in page. Afterwards one is back where one wanted to be. */
import { Button, Divider, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useSearch } from "@tanstack/react-router";
import { Store, Truck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../components/feedback";
import { Page } from "../../components/page";
import { Plain } from "../../components/plain";
import { Card } from "../../components/section";
import type { EnumOf } from "../../gql/graphql";
import { useAction } from "../../lib/action";
import { enter } from "../../lib/enter";
import { useLive } from "../../lib/live";
import { DemoSignInMutation, SignInMutation, SignInPageQuery } from "./query";

export function SignIn() {
  const { t } = useTranslation();
  return (
    <Plain>
      <Page title={t("signIn.title")}>
        <Demo />
        <Card>
          <Stack p="lg">
            <PasswordForm />
          </Stack>
        </Card>
        <Text size="sm" c="dimmed" ta="center">
          {t("signIn.invited")}
        </Text>
      </Page>
    </Plain>
  );
}

function PasswordForm() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/sign-in" });
  const signIn = useAction(SignInMutation);
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (value.includes("@") ? null : t("signIn.emailNeeded")),
      password: (value) => (value ? null : t("signIn.passwordNeeded")),
    },
  });

  const submit = form.onSubmit(async (values) => {
    const outcome = await signIn.run(values);
    if (outcome.ok) enter(outcome.data.signIn.viewer?.kind, search.return);
  });

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {signIn.failure && <Failure>{signIn.failure}</Failure>}
        <TextInput
          key={form.key("email")}
          label={t("signIn.email")}
          type="email"
          autoComplete="username"
          required
          {...form.getInputProps("email")}
        />
        <PasswordInput
          key={form.key("password")}
          label={t("signIn.password")}
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={signIn.running}>
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function Demo() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/sign-in" });
  const { data } = useLive({ query: SignInPageQuery });
  const demo = useAction(DemoSignInMutation);
  if (!data?.demoSignInAvailable) return null;

  const signInAs = async (as: EnumOf<"ViewerKind">, supplierKey: string | null) => {
    const outcome = await demo.run({ as, supplierKey });
    if (outcome.ok) enter(outcome.data.demoSignIn.viewer?.kind, search.return);
  };

  return (
    <Stack gap="sm">
      {demo.failure && <Failure>{demo.failure}</Failure>}
      {data.demoAccounts.map(({ kind, name, supplierKey }) => (
        <Button
          key={`${kind}-${supplierKey}`}
          size="md"
          h="auto"
          py={9}
          styles={{ label: { whiteSpace: "normal", textAlign: "start" } }}
          variant={kind === "STAFF" ? "filled" : "default"}
          leftSection={kind === "STAFF" ? <Store size={18} /> : <Truck size={18} />}
          disabled={demo.running}
          onClick={() => void signInAs(kind, supplierKey)}
        >
          {kind === "STAFF" ? t("signIn.demoOwner", { name }) : t("signIn.demoSupplier", { name })}
        </Button>
      ))}
      <Divider label={t("signIn.orPassword")} my="xs" />
    </Stack>
  );
}
