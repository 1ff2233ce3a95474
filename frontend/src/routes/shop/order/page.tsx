/** One order: what is to decide, where each unit is and why, and what happened. */
import { Button, Stack } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { ExternalLink, FileQuestion, Info } from "lucide-react";
import { useTranslation } from "react-i18next";
import { AddressText } from "../../../components/address";
import { BackLink } from "../../../components/back-link";
import { ExceptionCard } from "../../../components/exception/exception-card";
import { Facts } from "../../../components/facts";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { MoneyText } from "../../../components/money";
import { Notice } from "../../../components/notice";
import { Page } from "../../../components/page";
import { Card, Section } from "../../../components/section";
import { OrderStatusBadge } from "../../../components/statuses";
import { FullTime } from "../../../components/time";
import { type ResultOf, readFragment } from "../../../gql/graphql";
import { humanize } from "../../../lib/humanize";
import { EVERY, useLive } from "../../../lib/live";
import { sentence } from "../../../lib/sentence";
import { DelayedWork } from "./delayed-work";
import { Fulfillments } from "./fulfillments";
import { History } from "./history";
import { Lines } from "./lines";
import classes from "./order.module.css";
import { Plan } from "./plan";
import { Preview } from "./preview";
import { OrderPurchaseOrder, PurchaseOrders } from "./purchase-orders";
import { OrderQuery } from "./query";
import { RouteNow } from "./route-now";
import { Shipments } from "./shipments";

type Order = NonNullable<ResultOf<typeof OrderQuery>["order"]>;

export function OrderPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/shop/orders/$id" });
  const live = useLive({ query: OrderQuery, variables: { id } }, EVERY.busy);
  const order = live.data?.order;
  return (
    <Page
      key={id}
      title={order ? t("order.title", { name: order.name }) : t("order.untitled")}
      badge={order && <OrderStatusBadge status={order.status} />}
      back={<BackLink to="/orders">{t("orders.title")}</BackLink>}
      actions={
        order && (
          <Button
            component="a"
            href={order.adminUrl}
            target="_blank"
            rel="noreferrer"
            variant="default"
            rightSection={<ExternalLink size={15} aria-hidden="true" />}
          >
            {t("order.inShopify")}
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
          data.order ? (
            <OrderBody order={data.order} automation={data.shop.settings.automation} />
          ) : (
            <Card>
              <Empty icon={<FileQuestion />} title={t("order.missing")}>
                {t("order.missingWhy")}
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

/** Whether units of it are with nobody yet. */
function isOpen({ status, takenCareOf, purchaseOrders, exceptions }: Order): boolean {
  const unsent = readFragment(OrderPurchaseOrder, purchaseOrders).some(
    (row) => row.status === "DRAFT",
  );
  const asked = exceptions.some((exception) => exception.status === "OPEN");
  return unsent || asked || takenCareOf || status === "AWAITING_ROUTING";
}

function OrderBody({ order, automation }: { order: Order; automation: boolean }) {
  const { t } = useTranslation();
  const open = order.exceptions.filter(({ status }) => status === "OPEN");
  const settled = order.exceptions.filter(({ status }) => status === "RESOLVED");
  return (
    <div className={classes.columns}>
      <Stack gap="lg" miw={0}>
        {order.reason && (
          <Notice tone="neutral" icon={<Info size={18} />} title={t("order.why")}>
            {sentence(order.reason)}
          </Notice>
        )}
        <DelayedWork work={order.delayedWork} />
        {((order.status === "AWAITING_ROUTING" && !automation) || order.takenCareOf) && (
          <RouteNow id={order.id} />
        )}
        {open.length > 0 && (
          <Section title={t("exceptions.title")} flush>
            {open.map((exception) => (
              <ExceptionCard key={exception.id} exception={exception} withinOrder />
            ))}
          </Section>
        )}
        <Lines orderId={order.id} lines={order.lines} open={isOpen(order)} />
        <Plan plan={order.plan} />
        {order.earlierPlans.map((earlier) => (
          <Plan key={earlier.id} plan={earlier} title={t("plan.earlier")} inPart />
        ))}
        <Preview id={order.id} />
        <PurchaseOrders purchaseOrders={order.purchaseOrders} />
        {order.shipments.length > 0 && <Shipments shipments={order.shipments} />}
        {order.fulfillments.length > 0 && <Fulfillments fulfillments={order.fulfillments} />}
        {settled.length > 0 && (
          <Section title={t("order.settled")} flush>
            {settled.map((exception) => (
              <ExceptionCard key={exception.id} exception={exception} withinOrder />
            ))}
          </Section>
        )}
      </Stack>
      <Stack gap="lg" miw={0}>
        <Section title={t("order.shipTo")}>
          <AddressText address={order.shipTo} />
        </Section>
        <Section title={t("order.facts")}>
          <Facts
            facts={[
              [t("order.total"), <MoneyText key="total" money={order.total} />],
              [t("order.payment"), humanize(order.financialStatus)],
              [t("order.created"), <FullTime key="created" at={order.createdAt} />],
              [t("order.imported"), <FullTime key="imported" at={order.importedAt} />],
              order.cancelledAt && [
                t("order.cancelled"),
                <FullTime key="cancelled" at={order.cancelledAt} />,
              ],
            ]}
          />
        </Section>
        <History id={order.id} />
      </Stack>
    </div>
  );
}
