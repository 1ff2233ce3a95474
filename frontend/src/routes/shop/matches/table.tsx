/** Proposals as rows: the variant, the offer, why they belong together, and yes or no. */
import { Button, Checkbox, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { ROW_LINK } from "../../../components/keyboard";
import type { ResultOf } from "../../../gql/graphql";
import type { MatchesQuery } from "./query";

export type MatchRow = ResultOf<typeof MatchesQuery>["matchProposals"]["nodes"][number];

interface MatchTableProps {
  rows: readonly MatchRow[];
  chosen: ReadonlySet<string>;
  choose: (id: string, chosen: boolean) => void;
  decide: (accept: boolean, ids: string[]) => void;
  running: boolean;
}

export function nameOf({ variant }: MatchRow): string {
  const { title, productTitle } = variant;
  return title === "Default Title" ? productTitle : `${productTitle}, ${title}`;
}

export function MatchTable({ rows, chosen, choose, decide, running }: MatchTableProps) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("matches.title")}
      rows={rows}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "variant",
          header: t("mappings.variant"),
          cell: (row) => (
            <Group gap="sm" wrap="nowrap" align="flex-start">
              <Checkbox
                mt={2}
                checked={chosen.has(row.id)}
                onChange={(event) => choose(row.id, event.currentTarget.checked)}
                aria-label={t("matches.choose", { variant: nameOf(row), offer: row.offer.title })}
                {...ROW_LINK}
              />
              <div>
                <Text fw={600}>{nameOf(row)}</Text>
                <span className={tableClasses.sku}>{row.variant.sku ?? t("mappings.noSku")}</span>
              </div>
            </Group>
          ),
        },
        {
          key: "offer",
          header: t("matches.offer"),
          wide: true,
          cell: ({ offer }) => (
            <>
              <Text>
                {offer.title} <span className={tableClasses.muted}>{offer.supplier.name}</span>
              </Text>
              <span className={tableClasses.sku}>{offer.sku}</span>
            </>
          ),
        },
        {
          key: "why",
          header: t("matches.why"),
          wide: true,
          cell: ({ foundBy, code, doubts }) => (
            <>
              <Text>{t(`matches.by.${foundBy}`, { code })}</Text>
              {doubts.map((doubt) => (
                <Text key={doubt} size="sm" c="dimmed">
                  {t(`matchDoubt.${doubt}`)}
                </Text>
              ))}
            </>
          ),
        },
        {
          key: "actions",
          header: t("mappings.actions"),
          end: true,
          wide: true,
          cell: (row) => (
            <Group gap="xs" wrap="nowrap" justify="flex-end">
              <Button
                size="xs"
                variant="default"
                disabled={running}
                aria-label={t("matches.acceptNamed", {
                  variant: nameOf(row),
                  offer: row.offer.title,
                })}
                onClick={() => decide(true, [row.id])}
              >
                {t("matches.accept")}
              </Button>
              <Button
                size="xs"
                variant="subtle"
                color="gray"
                disabled={running}
                aria-label={t("matches.refuseNamed", {
                  variant: nameOf(row),
                  offer: row.offer.title,
                })}
                onClick={() => decide(false, [row.id])}
              >
                {t("matches.refuse")}
              </Button>
            </Group>
          ),
        },
      ]}
    />
  );
}
