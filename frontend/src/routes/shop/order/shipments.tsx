/** The parcels that suppliers sent for an order. */
import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../../../components/section";
import { ShipmentStateBadge } from "../../../components/statuses";
import { RelativeTime } from "../../../components/time";
import { Tracking } from "../../../components/tracking";
import { type FragmentOf, graphql, readFragment } from "../../../gql/graphql";
import classes from "./order.module.css";

export const OrderShipment = graphql(`
  fragment OrderShipment on Shipment {
    id
    carrier
    trackingNumber
    trackingUrl
    shippedAt
    state
    purchaseOrder {
      id
      number
      supplier {
        id
        name
      }
    }
    lines {
      sku
      title
      quantity
    }
  }
`);

export function Shipments({
  shipments,
}: {
  shipments: readonly FragmentOf<typeof OrderShipment>[];
}) {
  const { t } = useTranslation();
  return (
    <Section title={t("order.shipments")} flush>
      <ul className={classes.rows}>
        {readFragment(OrderShipment, shipments).map((shipment) => (
          <li key={shipment.id} className={classes.row}>
            <Group gap="xs">
              <Tracking
                carrier={shipment.carrier}
                number={shipment.trackingNumber}
                url={shipment.trackingUrl}
              />
              <ShipmentStateBadge state={shipment.state} />
              <Text size="sm" c="dimmed" ms="auto">
                <RelativeTime at={shipment.shippedAt} />
              </Text>
            </Group>
            <Text size="sm">
              {shipment.lines.map(({ quantity, title }) => `${quantity} × ${title}`).join(", ")}
            </Text>
            <Text size="sm" c="dimmed">
              {t("order.fromSupplier", {
                supplier: shipment.purchaseOrder.supplier.name,
                number: shipment.purchaseOrder.number,
              })}
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}
