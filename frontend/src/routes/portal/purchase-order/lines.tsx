/** What was ordered, and how far each line is. */
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { MoneyText } from "../../../components/money";
import { Section } from "../../../components/section";
import type { Line } from "./remaining";

export function Lines({ lines }: { lines: readonly Line[] }) {
  const { t } = useTranslation();
  return (
    <Section title={t("portal.lines")} flush>
      <DataTable
        label={t("portal.lines")}
        rows={lines}
        rowKey={({ id }) => id}
        columns={[
          {
            key: "title",
            header: t("portal.item"),
            cell: ({ title, sku }) => (
              <>
                <strong>{title}</strong> <div className={tableClasses.sku}>{sku}</div>
              </>
            ),
          },
          {
            key: "quantity",
            header: t("portal.quantity"),
            number: true,
            cell: ({ quantity }) => t("portal.units", { count: quantity }),
          },
          {
            key: "state",
            header: t("portal.progress"),
            cell: (line) => <Progress line={line} />,
          },
          {
            key: "cost",
            header: t("portal.unitCost"),
            number: true,
            cell: ({ unitCost }) => <MoneyText money={unitCost} />,
          },
        ]}
      />
    </Section>
  );
}

function Progress({ line }: { line: Line }) {
  const { t } = useTranslation();
  const parts = [
    line.accepted > 0 && t("poLine.accepted", { count: line.accepted }),
    line.shipped > 0 && t("poLine.shipped", { count: line.shipped }),
    line.cancelled > 0 && t("poLine.cancelled", { count: line.cancelled }),
    line.rejected > 0 && t("poLine.rejected", { count: line.rejected }),
    line.rejectReason && t(`rejectReason.${line.rejectReason}`),
  ].filter(Boolean);
  return (
    <span className={tableClasses.muted}>
      {parts.length > 0 ? parts.join(", ") : t("portal.notAnswered")}
    </span>
  );
}
