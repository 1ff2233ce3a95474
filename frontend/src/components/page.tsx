/**
 * The frame of one page: its title (which also names the tab and takes the focus
 * after a navigation, so that a screen reader says where one is) and its actions.
 */
import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

let navigated = false;

interface PageProps {
  title: string;
  /** Beside the title: a status. */
  badge?: ReactNode;
  /** Above the title: the way back. */
  back?: ReactNode;
  intro?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, badge, back, intro, actions, children }: PageProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = t("app.title", { page: title });
  }, [title, t]);

  useEffect(() => {
    // The first page of a visit leaves the focus where the browser put it.
    if (navigated) heading.current?.focus({ preventScroll: true });
    navigated = true;
  }, []);

  return (
    <Stack gap="lg">
      <Stack gap={6}>
        {back}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Group gap="sm" align="center">
            <Title order={1} ref={heading} tabIndex={-1}>
              {title}
            </Title>
            {badge}
          </Group>
          {actions && (
            <Group gap="xs" className="no-print">
              {actions}
            </Group>
          )}
        </Group>
        {intro && (
          <Text c="dimmed" maw="70ch">
            {intro}
          </Text>
        )}
      </Stack>
      {children}
    </Stack>
  );
}
