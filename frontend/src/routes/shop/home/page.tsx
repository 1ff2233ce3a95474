/** Where one arrives: decisions first, then the numbers, then the newest orders. */
import { Text } from "@mantine/core";
import { CircleCheckBig, PackageOpen } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ExceptionCard } from "../../../components/exception/exception-card";
import { Empty, Loaded } from "../../../components/feedback";
import { TextLink } from "../../../components/links";
import { Page } from "../../../components/page";
import { Section } from "../../../components/section";
import { EVERY, useLive } from "../../../lib/live";
import { OrderTable } from "../orders/table";
import { Counts } from "./counts";
import { HomeQuery } from "./query";

export function Home() {
  const { t } = useTranslation();
  const live = useLive({ query: HomeQuery, context: ALSO_WHEN_EMPTY }, EVERY.busy);
  return (
    <Page title={t("home.title")}>
      <Loaded live={live}>
        {({ shop: { counts }, exceptions, orders }) => (
          <>
            <Counts counts={counts} />
            <Section
              title={t("exceptions.title")}
              flush
              actions={
                counts.openExceptions > exceptions.nodes.length && (
                  <TextLink to="/exceptions" size="sm">
                    {t("home.allExceptions", { count: counts.openExceptions })}
                  </TextLink>
                )
              }
            >
              {exceptions.nodes.map((exception) => (
                <ExceptionCard key={exception.id} exception={exception} />
              ))}
              {exceptions.nodes.length === 0 && (
                <Text p="md" c="dimmed" className="oy-inline">
                  <CircleCheckBig size={18} aria-hidden="true" /> {t("home.allWell")}
                </Text>
              )}
            </Section>
            <Section
              title={t("home.newest")}
              flush
              actions={
                <TextLink to="/orders" size="sm">
                  {t("home.allOrders")}
                </TextLink>
              }
            >
              {orders.nodes.length > 0 ? (
                <OrderTable orders={orders.nodes} />
              ) : (
                <Empty icon={<PackageOpen />} title={t("orders.none")}>
                  {t("orders.noneWhy")}
                </Empty>
              )}
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

const ALSO_WHEN_EMPTY = { additionalTypenames: ["Exception", "Order"] };
