/** Small makers of schema rows with sensible defaults; the stories are in world.ts. */
import { connection, type Row } from "./row.ts";

export type Order = Row<"Order">;
export type OrderLine = Row<"OrderLine">;
export type Offer = Row<"Offer">;
export type Supplier = Row<"Supplier">;
export type Variant = Row<"Variant">;
export type PurchaseOrder = Row<"PurchaseOrder">;
export type Shipment = Row<"Shipment">;
export type ExceptionRow = Row<"Exception">;
export type Event = Row<"Event">;

let counter = 0;
export function nextId(): string {
  counter += 1;
  return `0193a000-0000-7000-8000-${String(counter).padStart(12, "0")}`;
}

export function money(amountMinor: number, currency = "EUR") {
  return { amountMinor, currency, decimal: (amountMinor / 100).toFixed(2) };
}

export function makeSupplier(
  fields: Pick<Supplier, "key" | "name" | "connector"> & Partial<Supplier>,
): Supplier {
  return {
    id: nextId(),
    private: true,
    currency: "EUR",
    endpoint: fields.connector === "HTTP" ? `https://${fields.key}.example/orders` : null,
    connection: null,
    offerCount: 0,
    openPurchaseOrders: 0,
    outage: null,
    asking: null,
    ...fields,
  };
}

export function makeOffer(
  supplier: Supplier,
  fields: Pick<Offer, "sku" | "title"> & { minor: number } & Partial<Offer>,
): Offer {
  const { minor, ...rest } = fields;
  supplier.offerCount += 1;
  return {
    id: nextId(),
    supplier,
    barcode: null,
    cost: money(minor, supplier.currency),
    stock: 120,
    available: rest.stock === undefined ? 118 : rest.stock,
    weightG: 350,
    dangerousGoods: false,
    minimumAge: null,
    sizeMm: null,
    shipsTo: ["DE", "AT", "NL", "FR"],
    priceBreaks: [],
    active: true,
    updatedAt: new Date().toISOString(),
    ...rest,
  };
}

export function makeVariant(
  id: number,
  sku: string | null,
  productTitle: string,
  title: string,
  alternatives: [Offer, number][][],
): Variant {
  const variant: Variant = {
    id: String(45_000_000_000_000 + id),
    sku,
    barcode: null,
    title,
    productTitle,
    similarOffers: [],
    mapping: null,
  };
  if (alternatives.length > 0) map(variant, alternatives);
  return variant;
}

export function map(variant: Variant, alternatives: [Offer, number][][]) {
  variant.mapping = {
    id: nextId(),
    alternatives: alternatives.map((components, index) => ({
      rank: index + 1,
      validFrom: null,
      validUntil: null,
      components: components.map(([offer, quantity]) => ({
        offer,
        quantity,
        acceptedCost: offer.cost,
      })),
    })),
  };
}

export function makeLine(
  variant: Variant,
  quantity: number,
  units: [Row<"LineUnits">["state"], number, string?][],
): OrderLine {
  return {
    id: nextId(),
    shopifyId: String(14_000_000_000_000 + counter),
    sku: variant.sku,
    title: variant.productTitle,
    variantTitle: variant.title === "Default Title" ? null : variant.title,
    variant,
    quantity,
    units: units.map(([state, count, reason]) => ({
      state,
      quantity: count,
      reason: reason ?? null,
    })),
  };
}

export function makeOrder(
  number: number,
  at: Date,
  lines: OrderLine[],
  fields: Partial<Order> = {},
): Order {
  const events: Event[] = [];
  const order: Order = {
    id: nextId(),
    shopifyId: String(6_200_000_000_000 + number),
    name: `#${number}`,
    status: "WITH_SUPPLIER",
    reason: null,
    takenCareOf: false,
    financialStatus: "PAID",
    createdAt: at.toISOString(),
    importedAt: new Date(at.getTime() + 1200).toISOString(),
    cancelledAt: null,
    total: money(lines.reduce((sum, line) => sum + line.quantity * 1990, 490)),
    shipTo: address(number),
    adminUrl: `https://admin.shopify.com/store/demo/orders/${6_200_000_000_000 + number}`,
    lines,
    plan: null,
    earlierPlans: [],
    purchaseOrders: [],
    shipments: [],
    fulfillments: [],
    exceptions: [],
    delayedWork: [],
    events: (args) => connection([...events].reverse(), args),
    ...fields,
  };
  history.set(order, events);
  tell(order, 0, "shopify", "order.imported", "Imported from Shopify");
  return order;
}

const history = new WeakMap<Order, Event[]>();

/** Adds a line to the order's history, some seconds after the one before. */
export function tell(order: Order, seconds: number, actor: string, kind: string, message: string) {
  const events = history.get(order) ?? [];
  const before = events.at(-1)?.at ?? order.importedAt;
  const at = new Date(Date.parse(before) + seconds * 1000).toISOString();
  events.push({ id: nextId(), at, actor, kind, message });
}

export function makePurchaseOrder(
  order: Order,
  supplier: Supplier,
  wanted: [Offer, number][],
  fields: Partial<PurchaseOrder> = {},
): PurchaseOrder {
  const count = order.purchaseOrders.length + 1;
  const purchaseOrder: PurchaseOrder = {
    id: nextId(),
    number: `DEMO-${order.name.slice(1)}-${count}`,
    status: "PLACED",
    supplier,
    orderName: order.name,
    order,
    shopName: "Meadow & Mill",
    createdAt: order.importedAt,
    sendAfter: null,
    placedAt: order.importedAt,
    shipBy: new Date(Date.parse(order.importedAt) + 2 * 86_400_000).toISOString(),
    currency: supplier.currency,
    total: money(
      wanted.reduce((sum, [offer, quantity]) => sum + offer.cost.amountMinor * quantity, 0),
      supplier.currency,
    ),
    supplierReference: null,
    shipTo: order.shipTo,
    lines: wanted.map(([offer, quantity]) => ({
      id: nextId(),
      sku: offer.sku,
      title: offer.title,
      quantity,
      accepted: 0,
      rejected: 0,
      shipped: 0,
      cancelled: 0,
      unitCost: offer.cost,
      rejectReason: null,
    })),
    shipments: [],
    cancelRequestedAt: null,
    cancelReason: null,
    ...fields,
  };
  if (!["PLACED", "DRAFT", "PLACING", "OUTCOME_UNKNOWN"].includes(purchaseOrder.status)) {
    for (const line of purchaseOrder.lines) line.accepted = line.quantity;
  }
  order.purchaseOrders.push(purchaseOrder);
  tell(
    order,
    2,
    "orderyard",
    "purchase_order.placed",
    `Placed ${purchaseOrder.number} with ${supplier.name}`,
  );
  return purchaseOrder;
}

export function makeShipment(
  purchaseOrder: PurchaseOrder,
  quantities: number[],
  fields: Partial<Shipment> = {},
): Shipment {
  const shipment: Shipment = {
    id: nextId(),
    reference: `P-${counter}`,
    carrier: "DHL Express",
    trackingNumber: `JD0146000${counter}`,
    trackingUrl: `https://www.dhl.com/track?id=JD0146000${counter}`,
    shippedAt: new Date(Date.parse(purchaseOrder.createdAt) + 5 * 3_600_000).toISOString(),
    purchaseOrder,
    lines: purchaseOrder.lines.flatMap((line, index) => {
      const quantity = quantities[index] ?? 0;
      line.shipped += quantity;
      return quantity > 0
        ? [{ sku: line.sku, title: line.title, quantity, purchaseOrderLine: line }]
        : [];
    }),
    state: "FULFILLED",
    ...fields,
  };
  purchaseOrder.shipments.push(shipment);
  const { order } = purchaseOrder;
  if (order) {
    order.shipments.push(shipment);
    tell(
      order,
      18_000,
      purchaseOrder.supplier.name,
      "shipment.recorded",
      `Shipped with ${shipment.carrier ?? "no carrier"} ${shipment.trackingNumber ?? ""}`.trim(),
    );
  }
  return shipment;
}

export function fulfil(shipment: Shipment, lines: [OrderLine, number][]) {
  const { order } = shipment.purchaseOrder;
  if (!order) return;
  order.fulfillments.push({
    id: nextId(),
    shopifyId: String(5_500_000_000_000 + counter),
    createdAt: new Date(Date.parse(shipment.shippedAt) + 2000).toISOString(),
    byHand: false,
    trackingCompany: shipment.carrier,
    trackingNumbers: shipment.trackingNumber ? [shipment.trackingNumber] : [],
    lines: lines.map(([orderLine, quantity]) => ({ orderLine, quantity })),
  });
  tell(
    order,
    2,
    "orderyard",
    "fulfillment.created",
    "Fulfilled in Shopify; the customer was notified",
  );
}

const PEOPLE = [
  ["Ada Lindqvist", "Torstraße 140", "Berlin", "10119", "DE"],
  ["Bruno Castellani", "Mariahilfer Straße 88a", "Wien", "1070", "AT"],
  ["Chloé Marchand", "12 rue des Martyrs", "Paris", "75009", "FR"],
  ["Daan Verhoeven", "Prinsengracht 263", "Amsterdam", "1016 GV", "NL"],
  ["Emilia Østergård-Rasmussen", "Sankt-Pauli-Hafenstraße 110", "Hamburg", "20359", "DE"],
] as const;

function address(seed: number): Row<"Address"> {
  const [name, address1, city, zip, countryCode] = PEOPLE[seed % PEOPLE.length] ?? PEOPLE[0];
  return {
    name,
    company: seed % 4 === 0 ? "Atelier Nord GmbH" : null,
    address1,
    address2: seed % 3 === 0 ? "c/o Front desk" : null,
    city,
    province: null,
    zip,
    countryCode,
    phone: seed % 2 === 0 ? "+49 30 5550 0142" : null,
  };
}
