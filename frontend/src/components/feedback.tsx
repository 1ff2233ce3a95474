/** What stands where content is not: nothing yet, still loading, or an error. */
import { Button, Group, Skeleton, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { useErrorText } from "../lib/error-text";
import type { Live } from "../lib/live";
import { Notice } from "./notice";

interface EmptyProps {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py={44} px="md" ta="center">
      <ThemeIcon variant="light" size={52} radius="xl" aria-hidden="true">
        {icon}
      </ThemeIcon>
      <Title order={3} mt={4}>
        {title}
      </Title>
      {children && (
        <Text c="dimmed" maw="46ch">
          {children}
        </Text>
      )}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  );
}

export function ErrorNote({ error, retry }: { error: CombinedError; retry?: () => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return (
    <Failure title={t("error.title")} retry={retry}>
      {errorText(error)}
    </Failure>
  );
}

interface FailureProps {
  title?: string;
  retry?: (() => void) | undefined;
  children: ReactNode;
}

/** An error inside a page or a form; announced at once. */
export function Failure({ title, retry, children }: FailureProps) {
  const { t } = useTranslation();
  return (
    <Notice tone="bad" role="alert" icon={<CircleAlert size={18} />} title={title}>
      <Text size="sm">{children}</Text>
      {retry && (
        <Group>
          <Button size="xs" variant="default" onClick={retry}>
            {t("error.retry")}
          </Button>
        </Group>
      )}
    </Notice>
  );
}

interface LoadedProps<Data> {
  live: Live<Data>;
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** The answer, its skeleton, or why there is none; an old answer outlives an error. */
export function Loaded<Data>({ live, skeleton, children }: LoadedProps<Data>) {
  const { t } = useTranslation();
  if (live.data === undefined) {
    if (live.error) return <ErrorNote error={live.error} retry={live.refresh} />;
    return (
      <div role="status" aria-label={t("loading")}>
        {skeleton ?? <RowsSkeleton />}
      </div>
    );
  }
  return (
    <Stack gap="md">
      {live.error && <ErrorNote error={live.error} retry={live.refresh} />}
      {children(live.data)}
    </Stack>
  );
}

export function RowsSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap="sm" p="md">
      {Array.from({ length: rows }, (_, index) => `row-${index}`).map((key) => (
        <Group key={key} justify="space-between" wrap="nowrap">
          <Skeleton height={18} width="38%" />
          <Skeleton height={18} width="18%" />
          <Skeleton height={18} width="12%" />
        </Group>
      ))}
    </Stack>
  );
}
