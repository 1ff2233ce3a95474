/** What goes on in the mock's world by itself: orders come, suppliers' systems ship. */
import {
  fulfil,
  makeLine,
  makeOrder,
  makePurchaseOrder,
  makeShipment,
  type OrderLine,
} from "./builders.ts";
import { plan } from "./plan.ts";
import type { Catalogue, World } from "./world.ts";

export function arrive(world: World, c: Catalogue) {
  const number = 1001 + world.orders.length;
  const [variant, offer, supplier] =
    number % 2 === 0
      ? ([c.teeVariant, c.tee, c.north] as const)
      : ([c.mugVariant, c.mug, c.hill] as const);
  const line = makeLine(variant, 1, [["ALLOCATED", 1, `With ${supplier.name}`]]);
  const order = makeOrder(number, new Date(), [line]);
  order.plan = plan(order, [[line, offer, supplier]]);
  makePurchaseOrder(order, supplier, [[offer, 1]]);
  world.orders.unshift(order);
}

export function advance(world: World) {
  for (const order of world.orders) {
    for (const purchaseOrder of order.purchaseOrders) {
      const { status, supplier, lines } = purchaseOrder;
      if (status !== "PLACED" || supplier.connector !== "HTTP") continue;
      for (const line of lines) line.accepted = line.quantity;
      makeShipment(
        purchaseOrder,
        lines.map(({ quantity }) => quantity),
        { state: "PUSHING", shippedAt: new Date().toISOString() },
      );
      purchaseOrder.status = "SHIPPED";
    }
    for (const shipment of order.shipments) {
      if (shipment.state !== "PUSHING") continue;
      shipment.state = "FULFILLED";
      fulfil(shipment, [[order.lines[0] as OrderLine, 1]]);
      for (const line of order.lines)
        line.units = [{ state: "SHIPPED", quantity: line.quantity, reason: null }];
      order.status = "SHIPPED";
    }
  }
}
