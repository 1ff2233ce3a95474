/** What Shopify, and so the customer, knows of the parcels. */
import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../../../components/section";
import { StatusBadge } from "../../../components/status-badge";
import { RelativeTime } from "../../../components/time";
import { type FragmentOf, graphql, readFragment } from "../../../gql/graphql";
import classes from "./order.module.css";

export const OrderFulfillment = graphql(`
  fragment OrderFulfillment on Fulfillment {
    id
    createdAt
    byHand
    trackingCompany
    trackingNumbers
    lines {
      quantity
      orderLine {
        id
        title
      }
    }
  }
`);

interface FulfillmentsProps {
  fulfillments: readonly FragmentOf<typeof OrderFulfillment>[];
}

export function Fulfillments({ fulfillments }: FulfillmentsProps) {
  const { t } = useTranslation();
  return (
    <Section title={t("order.fulfillments")} flush>
      <ul className={classes.rows}>
        {readFragment(OrderFulfillment, fulfillments).map((fulfillment) => (
          <li key={fulfillment.id} className={classes.row}>
            <Group gap="xs">
              <Text>
                {fulfillment.lines
                  .map(({ quantity, orderLine }) => `${quantity} × ${orderLine.title}`)
                  .join(", ")}
              </Text>
              {fulfillment.byHand && <StatusBadge tone="neutral">{t("order.byHand")}</StatusBadge>}
              <Text size="sm" c="dimmed" ms="auto">
                <RelativeTime at={fulfillment.createdAt} />
              </Text>
            </Group>
            <Text size="sm" c="dimmed">
              {[fulfillment.trackingCompany, fulfillment.trackingNumbers.join(", ")]
                .filter(Boolean)
                .join(" ") || t("shipment.noTracking")}
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}
