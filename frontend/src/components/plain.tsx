/** A centred column without navigation: sign-in, invitations, dead ends. */
import { Center, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Logo } from "./logo";

export function Plain({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Center component="main" mih="100dvh" p="md" id="main">
      <Stack w="100%" maw={440} gap="lg">
        <Group gap="xs" justify="center">
          <Logo />
          <Text fw={700} size="lg">
            {t("app.name")}
          </Text>
        </Group>
        {children}
      </Stack>
    </Center>
  );
}
