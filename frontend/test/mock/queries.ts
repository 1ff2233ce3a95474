/** The mock's reads: filters and pages over the world. */
import type { ExceptionRow, PurchaseOrder } from "./builders.ts";
import { connection, type PageArgs, type Row } from "./row.ts";
import type { Context } from "./server.ts";
import type { World } from "./world.ts";

type Bucket = "NEW" | "TO_SHIP" | "PAST_SHIP_BY" | "CANCEL_REQUESTED" | "DONE";
type Filter<Fields> = { filter?: Partial<Fields> | null };

export function viewerOf({ world, session }: Context): Row<"Viewer"> | null {
  if (!session) return null;
  const key = session.startsWith("supplier:") ? session.slice("supplier:".length) : undefined;
  const supplier = world.suppliers.find((row) => row.key === key) ?? null;
  return supplier
    ? {
        id: "viewer-supplier",
        kind: "SUPPLIER",
        email: `desk@${supplier.key}.example`,
        name: "Noor Hamdan",
        shop: null,
        supplier,
        scopes: [],
      }
    : {
        id: "viewer-staff",
        kind: "STAFF",
        email: "owner@meadow.example",
        name: "Robin Meadow",
        shop: shopOf(world),
        supplier: null,
        scopes: [],
      };
}

export function shopOf(world: World): Row<"Shop"> {
  world.shop.counts = {
    ...world.shop.counts,
    deadJobs: world.deadJobs.length,
    openExceptions: world.exceptions.filter(({ status }) => status === "OPEN").length,
    withSupplier: world.orders.filter(({ status }) => status === "WITH_SUPPLIER").length,
    unmappedVariants: world.variants.filter(({ mapping }) => !mapping).length,
  };
  return world.shop;
}

export function bucketOf({ status, shipBy }: PurchaseOrder): Bucket {
  if (status === "PLACED") return "NEW";
  if (status === "CANCEL_REQUESTED") return "CANCEL_REQUESTED";
  if (status === "ACCEPTED" || status === "PARTLY_SHIPPED") {
    return shipBy && Date.parse(shipBy) < Date.now() ? "PAST_SHIP_BY" : "TO_SHIP";
  }
  return "DONE";
}

function has(search: string | null | undefined, ...texts: (string | null | undefined)[]) {
  return !search || texts.some((text) => text?.toLowerCase().includes(search.toLowerCase()));
}

function purchaseOrdersFor({ world, session }: Context) {
  const key = session?.startsWith("supplier:") ? session.slice("supplier:".length) : undefined;
  const all = world.orders.flatMap((order) => order.purchaseOrders);
  return key ? all.filter(({ supplier }) => supplier.key === key) : all;
}

export const queries = {
  viewer: (_: unknown, context: Context) => viewerOf(context),
  shop: (_: unknown, { world }: Context) => shopOf(world),
  demoSignInAvailable: () => true,
  demoAccounts: (_: unknown, { world }: Context) => [
    { kind: "STAFF", name: world.shop.name, supplierKey: null },
    ...world.suppliers
      .filter(({ connector, connection: link }) => connector === "PORTAL" && link?.active)
      .map(({ name, key }) => ({ kind: "SUPPLIER", name, supplierKey: key })),
  ],
  carriers: () => [
    "DHL Express",
    "DHL eCommerce",
    "DPD",
    "GLS",
    "UPS",
    "FedEx",
    "Deutsche Post",
    "Colissimo",
    "PostNL",
  ],
  invitation: ({ token }: { token: string }) =>
    token === "expired"
      ? null
      : {
          email: "sam@hillside.example",
          kind: "SUPPLIER",
          for: "Hillside Pottery",
          expiresAt: new Date(Date.now() + 5 * 86_400_000).toISOString(),
        },

  orders: (
    {
      filter,
      ...page
    }: PageArgs &
      Filter<{ status: string[]; search: string; createdFrom: string; createdTo: string }>,
    { world }: Context,
  ) =>
    connection(
      world.orders.filter(
        (order) =>
          (!filter?.status?.length || filter.status.includes(order.status)) &&
          has(
            filter?.search,
            order.name,
            order.shipTo?.name,
            ...order.lines.map(({ sku }) => sku),
          ) &&
          (!filter?.createdFrom || order.createdAt >= filter.createdFrom) &&
          (!filter?.createdTo || order.createdAt < filter.createdTo),
      ),
      page,
    ),
  order: ({ id }: { id: string }, { world }: Context) =>
    world.orders.find((order) => order.id === id) ?? null,
  routePreview: ({ orderId }: { orderId: string }, { world }: Context) => {
    const plan = world.orders.find((order) => order.id === orderId)?.plan;
    return plan ? { plan, wholeOrder: true } : null;
  },

  exceptions: (
    { filter, ...page }: PageArgs & Filter<{ status: string; kind: string[]; orderId: string }>,
    { world }: Context,
  ) =>
    connection(
      world.exceptions.filter((row) => matches(row, filter)),
      page,
    ),

  fulfillmentsInQuestion: ({ exceptionId }: { exceptionId: string }, { world }: Context) => {
    const exception = world.exceptions.find((row) => row.id === exceptionId);
    const order = exception?.order;
    const orderLine = order?.lines[0];
    if (!order || !orderLine || exception?.kind !== "FULFILLMENT_UNCLEAR") return [];
    const one = (nth: number, trackingNumbers: string[]) => ({
      shopifyId: `61900${nth}`,
      name: `${order.name}-F${nth}`,
      createdAt: exception.createdAt,
      trackingCompany: trackingNumbers.length > 0 ? "DHL Express" : null,
      trackingNumbers,
      lines: [{ quantity: 1, orderLine }],
    });
    return [one(1, ["JD0146"]), one(2, [])];
  },

  deadJobs: (page: PageArgs, { world }: Context) => connection(world.deadJobs, page),
  lostDeliveries: (page: PageArgs, { world }: Context) => connection(world.lostDeliveries, page),

  suppliers: (page: PageArgs, { world }: Context) => connection(world.suppliers, page),
  supplier: ({ id }: { id: string }, { world }: Context) =>
    world.suppliers.find((row) => row.id === id) ?? null,
  offers: (
    { filter, ...page }: PageArgs & Filter<{ supplierId: string; search: string }>,
    { world }: Context,
  ) =>
    connection(
      world.offers.filter(
        (offer) =>
          (!filter?.supplierId || offer.supplier.id === filter.supplierId) &&
          has(filter?.search, offer.sku, offer.title, offer.barcode, offer.supplier.name),
      ),
      page,
    ),
  variants: (
    { filter, ...page }: PageArgs & Filter<{ search: string; unmapped: boolean }>,
    { world }: Context,
  ) =>
    connection(
      world.variants
        .filter(
          (variant) =>
            (!filter?.unmapped || !variant.mapping) &&
            has(filter?.search, variant.sku, variant.title, variant.productTitle),
        )
        .sort((a, b) => Number(Boolean(a.mapping)) - Number(Boolean(b.mapping))),
      page,
    ),
  variant: ({ id }: { id: string }, { world }: Context) =>
    world.variants.find((row) => row.id === id) ?? null,

  purchaseOrders: (
    { filter, ...page }: PageArgs & Filter<{ bucket: Bucket; search: string }>,
    context: Context,
  ) => {
    const mine = purchaseOrdersFor(context);
    const count = (bucket: Bucket) => mine.filter((row) => bucketOf(row) === bucket).length;
    const rows = mine.filter(
      (row) =>
        (!filter?.bucket || bucketOf(row) === filter.bucket) &&
        has(filter?.search, row.number, row.shipTo?.name, ...row.lines.map(({ sku }) => sku)),
    );
    return {
      ...connection(rows, page),
      counts: {
        new: count("NEW"),
        toShip: count("TO_SHIP"),
        pastShipBy: count("PAST_SHIP_BY"),
        cancelRequested: count("CANCEL_REQUESTED"),
        done: count("DONE"),
      },
    };
  },
  purchaseOrder: ({ id }: { id: string }, context: Context) =>
    purchaseOrdersFor(context).find((row) => row.id === id) ?? null,
};

function matches(
  row: ExceptionRow,
  filter: Partial<{ status: string; kind: string[]; orderId: string }> | null | undefined,
) {
  return (
    (!filter?.status || row.status === filter.status) &&
    (!filter?.kind?.length || filter.kind.includes(row.kind)) &&
    (!filter?.orderId || row.order?.id === filter.orderId)
  );
}
