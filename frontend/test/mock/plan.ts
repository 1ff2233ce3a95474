/** Decisions in the mock's world: routing plans with their reasons, and exceptions. */
import {
  type ExceptionRow,
  money,
  nextId,
  type Offer,
  type Order,
  type OrderLine,
  type Supplier,
  tell,
} from "./builders.ts";
import type { Row } from "./row.ts";
import type { World } from "./world.ts";

export function raise(
  world: World,
  order: Order,
  at: Date,
  fields: Pick<ExceptionRow, "kind" | "message" | "choices"> & Partial<ExceptionRow>,
) {
  const exception: ExceptionRow = {
    id: nextId(),
    status: "OPEN",
    createdAt: at.toISOString(),
    resolvedAt: null,
    resolution: null,
    order,
    orderLine: null,
    purchaseOrder: null,
    quantity: fields.orderLine?.quantity ?? null,
    evidence: null,
    acceptedCost: null,
    currentCost: null,
    ...fields,
  };
  order.exceptions.push(exception);
  world.exceptions.push(exception);
  tell(order, 3, "orderyard", "exception.raised", exception.message);
}

export function component(offer: Offer, quantity: number): Row<"PlanComponent"> {
  return {
    supplierName: offer.supplier.name,
    sku: offer.sku,
    title: offer.title,
    quantity,
    unitCost: offer.cost,
    supplier: offer.supplier,
  };
}

function alone(offer: Offer, units: number): Row<"PlanCostParts"> {
  return {
    units,
    goods: money(units * offer.cost.amountMinor),
    duties: money(0),
    fees: money(190),
    shipping: money(490),
    days: 3,
  };
}

/** Each supplier's part, with one parcel each. */
function landed(allocations: [OrderLine, Offer, Supplier][]): Row<"LandedCost"> {
  const names = [...new Set(allocations.map(([, , supplier]) => supplier.name))];
  const suppliers = names.map((supplierName) => {
    const own = allocations.filter(([, , supplier]) => supplier.name === supplierName);
    const goods = own.reduce(
      (sum, [line, offer]) => sum + line.quantity * offer.cost.amountMinor,
      0,
    );
    const weightG = own.reduce(
      (sum, [line, offer]) => sum + line.quantity * (offer.weightG ?? 0),
      0,
    );
    return {
      supplierName,
      goods: money(goods),
      duties: null,
      fees: money(190),
      shipping: money(490),
      parcels: 1,
      weightG,
    };
  });
  const total = suppliers.reduce((sum, { goods }) => sum + goods.amountMinor + 680, 0);
  return {
    total: money(total),
    preferences: money(80 * names.length),
    aim: null,
    gap: money(0),
    aimGap: null,
    suppliers,
    rates: [{ from: "USD", to: "EUR", rate: "0.92", on: "2026-11-20" }],
  };
}

export function plan(
  order: Order,
  allocations: [OrderLine, Offer, Supplier][],
): Row<"RoutingPlan"> {
  tell(
    order,
    1,
    "orderyard",
    "order.routed",
    `Routed to ${new Set(allocations.map(([, , supplier]) => supplier.name)).size || 2} supplier(s)`,
  );
  return {
    id: nextId(),
    decidedAt: order.importedAt,
    strategy: "CHEAPEST",
    landed: allocations.length > 0 ? landed(allocations) : null,
    cost: money(
      allocations.reduce((sum, [line, offer]) => sum + line.quantity * offer.cost.amountMinor, 0),
    ),
    lines: allocations.map(([line, offer]) => ({
      orderLine: line,
      quantity: line.quantity,
      outcome: "ALLOCATED",
      reason: `First choice: ${offer.supplier.name} has priority ${offer.supplier.connection?.priority ?? 1}, enough stock (${offer.stock ?? "not limited"}) and ships to ${order.shipTo?.countryCode}.`,
      components: [component(offer, line.quantity)],
      alone: alone(offer, line.quantity),
      runnerUp:
        offer.sku === "HP-MUG-01"
          ? {
              summary: "North Textiles (NT-MUG)",
              more: money(160),
              preferences: money(25),
              aim: null,
              proven: true,
              toWin: { sku: "NT-MUG", supplierName: "North Textiles", by: money(81) },
            }
          : null,
      rejected:
        offer.sku === "HP-MUG-01"
          ? [
              {
                rank: 2,
                summary: "North Textiles, NT-MUG × 1",
                reason: "Out of stock: 0 available.",
                also: [],
                alone: null,
              },
            ]
          : [],
    })),
  };
}
