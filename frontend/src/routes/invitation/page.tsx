/** Accepting an invitation: a name and a password make the account. */
import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useParams } from "@tanstack/react-router";
import { MailX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Empty, Failure, Loaded } from "../../components/feedback";
import { ButtonLink } from "../../components/links";
import { Page } from "../../components/page";
import { Plain } from "../../components/plain";
import { Card } from "../../components/section";
import { RelativeTime } from "../../components/time";
import type { ResultOf } from "../../gql/graphql";
import { useAction } from "../../lib/action";
import { enter } from "../../lib/enter";
import { showProblems } from "../../lib/form-problems";
import { useLive } from "../../lib/live";
import { AcceptInvitationMutation, InvitationQuery } from "./query";

const PASSWORD_LENGTH = 12;

export function AcceptInvitation() {
  const { t } = useTranslation();
  const { token } = useParams({ from: "/invitation/$token" });
  const live = useLive({ query: InvitationQuery, variables: { token } });
  return (
    <Plain>
      <Page title={t("invitation.title")}>
        <Loaded live={live}>
          {({ invitation }) =>
            invitation ? (
              <Card>
                <Stack p="lg">
                  <AcceptForm token={token} invitation={invitation} />
                </Stack>
              </Card>
            ) : (
              <Empty
                icon={<MailX />}
                title={t("invitation.gone")}
                action={
                  <ButtonLink to="/sign-in" variant="default">
                    {t("signIn.title")}
                  </ButtonLink>
                }
              >
                {t("invitation.goneWhy")}
              </Empty>
            )
          }
        </Loaded>
      </Page>
    </Plain>
  );
}

interface AcceptFormProps {
  token: string;
  invitation: NonNullable<ResultOf<typeof InvitationQuery>["invitation"]>;
}

function AcceptForm({ token, invitation }: AcceptFormProps) {
  const { t } = useTranslation();
  const accept = useAction(AcceptInvitationMutation);
  const form = useForm({
    initialValues: { name: "", password: "" },
    validate: {
      name: (value) => (value.trim() ? null : t("invitation.nameNeeded")),
      password: (value) =>
        value.length >= PASSWORD_LENGTH
          ? null
          : t("invitation.passwordRule", { count: PASSWORD_LENGTH }),
    },
  });
  const submit = form.onSubmit(async (values) => {
    const outcome = await accept.run({ token, ...values });
    if (!outcome.ok) return showProblems(form, outcome.problems);
    enter(outcome.data.acceptInvitation.viewer?.kind, undefined);
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Text>
          {t(invitation.kind === "SUPPLIER" ? "invitation.forSupplier" : "invitation.forShop", {
            name: invitation.for,
          })}{" "}
          <Text span c="dimmed" size="sm">
            {t("invitation.expires")} <RelativeTime at={invitation.expiresAt} />.
          </Text>
        </Text>
        <TextInput
          label={t("signIn.email")}
          value={invitation.email}
          readOnly
          autoComplete="username"
        />
        <TextInput
          label={t("invitation.name")}
          autoComplete="name"
          required
          {...form.getInputProps("name")}
        />
        <PasswordInput
          label={t("invitation.password")}
          description={t("invitation.passwordRule", { count: PASSWORD_LENGTH })}
          autoComplete="new-password"
          required
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          {...form.getInputProps("password")}
        />
        {accept.failure && <Failure>{accept.failure}</Failure>}
        <Button type="submit" loading={accept.running}>
          {t("invitation.accept")}
        </Button>
      </Stack>
    </form>
  );
}
