/** Variants as rows, each with its alternatives in words. */
import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { ROW_LINK } from "../../../components/keyboard";
import { StatusBadge } from "../../../components/status-badge";
import type { ResultOf } from "../../../gql/graphql";
import type { VariantsQuery } from "./query";

export type VariantRow = ResultOf<typeof VariantsQuery>["variants"]["nodes"][number];
type Alternative = NonNullable<VariantRow["mapping"]>["alternatives"][number];

export interface MappingTask {
  task: "edit" | "delete";
  variant: VariantRow;
}

interface VariantTableProps {
  variants: readonly VariantRow[];
  start: (task: MappingTask) => void;
}

export function nameOf({ productTitle, title }: VariantRow): string {
  return title === "Default Title" ? productTitle : `${productTitle}, ${title}`;
}

export function VariantTable({ variants, start }: VariantTableProps) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("mappings.title")}
      rows={variants}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "variant",
          header: t("mappings.variant"),
          cell: (variant) => (
            <>
              <Text fw={600}>{nameOf(variant)}</Text>
              <span className={tableClasses.sku}>{variant.sku ?? t("mappings.noSku")}</span>
            </>
          ),
        },
        {
          key: "state",
          header: t("mappings.state"),
          cell: ({ mapping }) =>
            mapping ? (
              <StatusBadge tone="good">{t("mappings.mapped")}</StatusBadge>
            ) : (
              <StatusBadge tone="warn">{t("mappings.unmapped")}</StatusBadge>
            ),
        },
        {
          key: "madeOf",
          header: t("mappings.madeOf"),
          wide: true,
          cell: ({ mapping }) => <MadeOf alternatives={mapping?.alternatives ?? []} />,
        },
        {
          key: "actions",
          header: t("mappings.actions"),
          end: true,
          wide: true,
          cell: (variant) => (
            <Group gap="xs" wrap="nowrap" justify="flex-end">
              <Button
                size="xs"
                variant={variant.mapping ? "default" : "filled"}
                aria-label={t(variant.mapping ? "mappings.editNamed" : "mappings.mapNamed", {
                  variant: nameOf(variant),
                })}
                onClick={() => start({ task: "edit", variant })}
                {...ROW_LINK}
              >
                {variant.mapping ? t("mappings.edit") : t("mappings.map")}
              </Button>
              {variant.mapping && (
                <Button
                  size="xs"
                  variant="subtle"
                  color="gray"
                  aria-label={t("mappings.removeNamed", { variant: nameOf(variant) })}
                  onClick={() => start({ task: "delete", variant })}
                >
                  {t("mappings.remove")}
                </Button>
              )}
            </Group>
          ),
        },
      ]}
    />
  );
}

function MadeOf({ alternatives }: { alternatives: readonly Alternative[] }) {
  const { t } = useTranslation();
  if (alternatives.length === 0) {
    return <span className={tableClasses.muted}>{t("mappings.nothing")}</span>;
  }
  return (
    <ol className={tableClasses.ranked}>
      {alternatives.map(({ rank, components }) => (
        <li key={rank}>
          {components.map(({ quantity, offer }, index) => (
            <span key={offer.id}>
              {index > 0 && " + "}
              {quantity} × {offer.title}{" "}
              <span className={tableClasses.muted}>{offer.supplier.name}</span>
            </span>
          ))}
        </li>
      ))}
    </ol>
  );
}
