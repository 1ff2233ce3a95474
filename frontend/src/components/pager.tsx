/** Onward through a long list by cursor, and back to its start. */
import { Button, Group } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { ArrowLeft, ArrowRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type FragmentOf, graphql, readFragment } from "../gql/graphql";

export const PagerFields = graphql(`
  fragment PagerFields on PageInfo {
    hasNextPage
    endCursor
  }
`);

interface PagerProps {
  pageInfo: FragmentOf<typeof PagerFields>;
  /** The cursor in the address; undefined on the first page. */
  after: string | undefined;
  go: (after: string | undefined) => void;
}

export function Pager({ pageInfo, after, go }: PagerProps) {
  const { t } = useTranslation();
  const { history } = useRouter();
  const { hasNextPage, endCursor } = readFragment(PagerFields, pageInfo);
  if (!after && !hasNextPage) return null;
  return (
    <Group component="nav" justify="space-between" aria-label={t("pager.label")}>
      <Group gap="xs">
        <Button variant="default" disabled={!after} onClick={() => go(undefined)}>
          {t("pager.first")}
        </Button>
        {after && history.canGoBack() && (
          <Button
            variant="default"
            leftSection={<ArrowLeft size={16} />}
            onClick={() => history.back()}
          >
            {t("pager.previous")}
          </Button>
        )}
      </Group>
      <Button
        variant="default"
        disabled={!hasNextPage}
        rightSection={<ArrowRight size={16} />}
        onClick={() => go(endCursor ?? undefined)}
      >
        {t("pager.next")}
      </Button>
    </Group>
  );
}
