/** Purchase orders as rows: what, where to, by when. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { ROW_LINK } from "../../../components/keyboard";
import { MoneyText } from "../../../components/money";
import { ShipBy } from "../../../components/ship-by";
import { PurchaseOrderStatusBadge } from "../../../components/statuses";
import type { EnumOf, ResultOf } from "../../../gql/graphql";
import type { PurchaseOrderRow } from "./query";

type Row = ResultOf<typeof PurchaseOrderRow>;

interface PurchaseOrderTableProps {
  purchaseOrders: readonly Row[];
  bucket: EnumOf<"PortalBucket">;
}

export function PurchaseOrderTable({ purchaseOrders, bucket }: PurchaseOrderTableProps) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t(`portalBucket.${bucket}`)}
      linked
      rows={purchaseOrders}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "number",
          header: t("portal.number"),
          cell: ({ id, number }) => (
            <Link
              to="/portal/purchase-orders/$id"
              params={{ id }}
              className={tableClasses.rowLink}
              {...ROW_LINK}
            >
              {number}
            </Link>
          ),
        },
        {
          key: "status",
          header: t("portal.status"),
          cell: ({ status }) => <PurchaseOrderStatusBadge status={status} />,
        },
        {
          key: "items",
          header: t("portal.items"),
          wide: true,
          cell: ({ lines }) =>
            lines.map(({ id, quantity, title }) => (
              <div key={id}>
                {quantity} × {title}
              </div>
            )),
        },
        {
          key: "shipTo",
          header: t("portal.shipTo"),
          wide: true,
          cell: ({ shipTo, shopName }) => (
            <span className={tableClasses.muted}>
              {[shipTo?.name, shipTo?.city, shipTo?.countryCode].filter(Boolean).join(", ")}
              {shipTo && " · "}
              {shopName}
            </span>
          ),
        },
        {
          key: "shipBy",
          header: t("portal.shipBy"),
          cell: ({ shipBy, status }) => (
            <ShipBy
              at={shipBy}
              open={status !== "SHIPPED" && status !== "CANCELLED" && status !== "REJECTED"}
            />
          ),
        },
        {
          key: "total",
          header: t("portal.total"),
          number: true,
          cell: ({ total }) => <MoneyText money={total} />,
        },
      ]}
    />
  );
}
