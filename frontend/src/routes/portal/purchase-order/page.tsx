/** One purchase order: the next step first, then what it is about, then what left. */
import { Button, CopyButton, Group, Stack } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { Check, Copy, FileQuestion, Printer } from "lucide-react";
import { useTranslation } from "react-i18next";
import { AddressText, addressText } from "../../../components/address";
import { BackLink } from "../../../components/back-link";
import { Facts } from "../../../components/facts";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { MoneyText } from "../../../components/money";
import { Page } from "../../../components/page";
import { Card, Section } from "../../../components/section";
import { ShipBy } from "../../../components/ship-by";
import { PurchaseOrderStatusBadge } from "../../../components/statuses";
import { FullTime } from "../../../components/time";
import { EVERY, useLive } from "../../../lib/live";
import { AcknowledgeForm } from "./acknowledge-form";
import { Cancellation } from "./cancellation";
import { Lines } from "./lines";
import { PackSlip } from "./pack-slip";
import { Parcels } from "./parcels";
import classes from "./purchase-order.module.css";
import { PurchaseOrderQuery } from "./query";
import { bucketOf, isClosed, type PurchaseOrder, totalRemaining } from "./remaining";
import { ShipForm } from "./ship-form";

export function PurchaseOrderPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/portal/purchase-orders/$id" });
  const live = useLive({ query: PurchaseOrderQuery, variables: { id } }, EVERY.calm);
  const purchaseOrder = live.data?.purchaseOrder;
  const bucket = purchaseOrder ? bucketOf(purchaseOrder, new Date()) : "NEW";
  return (
    <>
      <div className="no-print">
        <Page
          key={id}
          title={purchaseOrder?.number ?? t("portal.purchaseOrder")}
          badge={purchaseOrder && <PurchaseOrderStatusBadge status={purchaseOrder.status} />}
          back={
            <BackLink to="/portal" search={{ bucket }}>
              {t(`portalBucket.${bucket}`)}
            </BackLink>
          }
          actions={
            purchaseOrder && (
              <Button
                variant="default"
                leftSection={<Printer size={16} />}
                onClick={() => window.print()}
              >
                {t("portal.print")}
              </Button>
            )
          }
        >
          <Loaded
            live={live}
            skeleton={
              <Card>
                <RowsSkeleton rows={8} />
              </Card>
            }
          >
            {(data) =>
              data.purchaseOrder ? (
                <Body purchaseOrder={data.purchaseOrder} carriers={data.carriers} />
              ) : (
                <Card>
                  <Empty icon={<FileQuestion />} title={t("portal.missing")} />
                </Card>
              )
            }
          </Loaded>
        </Page>
      </div>
      {purchaseOrder && <PackSlip purchaseOrder={purchaseOrder} />}
    </>
  );
}

function Body({ purchaseOrder, carriers }: { purchaseOrder: PurchaseOrder; carriers: string[] }) {
  const { t } = useTranslation();
  const { status, shipments } = purchaseOrder;
  const shipping =
    (status === "ACCEPTED" || status === "PARTLY_SHIPPED") && totalRemaining(purchaseOrder) > 0;
  return (
    <div className={classes.columns}>
      <Stack gap="lg" miw={0}>
        {status === "CANCEL_REQUESTED" && <Cancellation purchaseOrder={purchaseOrder} />}
        {status === "PLACED" && <AcknowledgeForm purchaseOrder={purchaseOrder} />}
        {shipping && (
          // Each parcel starts a fresh form with what remains.
          <ShipForm key={shipments.length} purchaseOrder={purchaseOrder} carriers={carriers} />
        )}
        <Lines lines={purchaseOrder.lines} />
        <Parcels shipments={shipments} carriers={carriers} />
      </Stack>
      <Stack gap="lg" miw={0}>
        <ShipTo purchaseOrder={purchaseOrder} />
        <Section title={t("portal.facts")}>
          <Facts
            facts={[
              [
                t("portal.shipBy"),
                <ShipBy key="by" at={purchaseOrder.shipBy} open={!isClosed(purchaseOrder)} />,
              ],
              [t("portal.shop"), purchaseOrder.shopName],
              [t("portal.ordered"), <FullTime key="at" at={purchaseOrder.createdAt} />],
              [t("portal.total"), <MoneyText key="total" money={purchaseOrder.total} />],
              purchaseOrder.supplierReference && [
                t("portal.reference"),
                purchaseOrder.supplierReference,
              ],
            ]}
          />
        </Section>
      </Stack>
    </div>
  );
}

function ShipTo({ purchaseOrder: { shipTo } }: { purchaseOrder: PurchaseOrder }) {
  const { t } = useTranslation();
  return (
    <Section title={t("portal.shipTo")}>
      <Stack gap="sm">
        <AddressText address={shipTo} />
        {shipTo && (
          <Group>
            <CopyButton value={addressText(shipTo)}>
              {({ copied, copy }) => (
                <Button
                  size="xs"
                  variant="default"
                  leftSection={copied ? <Check size={14} /> : <Copy size={14} />}
                  onClick={copy}
                >
                  {copied ? t("copied") : t("portal.copyAddress")}
                </Button>
              )}
            </CopyButton>
          </Group>
        )}
      </Stack>
    </Section>
  );
}
