/** The mock's writes: just enough of the rules for the pages to show what follows. */
import {
  type ExceptionRow,
  makeOffer,
  makeShipment,
  makeSupplier,
  map,
  money,
  nextId,
  type PurchaseOrder,
  tell,
} from "./builders.ts";
import { unknownOffer } from "./matching.ts";
import { bucketOf, shopOf, viewerOf } from "./queries.ts";
import type { Row } from "./row.ts";
import type { Context } from "./server.ts";
import type { World } from "./world.ts";

type Code = Row<"Problem">["code"];
type Alternatives = { components: { offerId: string; quantity: number }[] }[];
type ConnectionFields = Partial<NonNullable<Row<"Supplier">["connection"]>>;

function problem(code: Code, message: string, field: string[] | null = null) {
  return { problems: [{ field, code, message }] };
}

const fine = { problems: [] };

export const mutations = {
  signIn: ({ email, password }: { email: string; password: string }, context: Context) => {
    if (password !== "correct horse") {
      return problem("WRONG_CREDENTIALS", "E-mail or password is wrong.");
    }
    return enter(email.includes("supplier") ? "supplier:hillside" : "staff", context);
  },
  demoSignIn: ({ as, supplierKey }: { as: string; supplierKey?: string }, context: Context) =>
    enter(as === "SUPPLIER" ? `supplier:${supplierKey ?? "hillside"}` : "staff", context),
  signOut: (_: unknown, context: Context) => {
    context.setSession("");
    return { done: true };
  },
  acceptInvitation: ({ password }: { password: string }, context: Context) =>
    password.length < 12
      ? problem("INVALID", "Take at least 12 characters.", ["password"])
      : enter("supplier:hillside", context),
  inviteStaff: ({ email }: { email: string }) => invite(email),
  inviteSupplierUser: ({ email }: { email: string }) => invite(email),

  updateShopSettings: (
    { input }: { input: Partial<Row<"ShopSettings">> & { locationIds?: string[] } },
    { world }: Context,
  ) => {
    const { locationIds, ...settings } = input;
    Object.assign(world.shop.settings, settings);
    if (locationIds) {
      world.shop.settings.allLocations = false;
      for (const location of world.shop.locations)
        location.selected = locationIds.includes(location.id);
    }
    return { shop: shopOf(world), ...fine };
  },
  replanOrders: (_: unknown, { world }: Context) => ({ shop: shopOf(world), ...fine }),
  updateRouting: ({ input }: { input: Row<"Routing"> }, { world }: Context) => {
    const all = input.shares.reduce((sum, { percent }) => sum + Number(percent), 0);
    if ((input.strategy === "BALANCED_SHARE" || input.shares.length > 0) && all !== 100)
      return problem("INVALID", "the shares are 100 percent in all", ["shares"]);
    world.shop.settings.routing = input;
    return { shop: shopOf(world), ...fine };
  },
  saveConnectionCosts: (
    { supplierId, input }: { supplierId: string; input: Row<"ConnectionCosts"> | null },
    { world }: Context,
  ) => {
    const supplier = world.suppliers.find(({ id }) => id === supplierId);
    if (!supplier?.connection) return problem("NOT_FOUND", "No such connection.");
    if (input && Number(input.perOrder) < 0)
      return problem("INVALID", "this is not negative, nor beyond all measure", ["perOrder"]);
    supplier.connection.costs = input;
    return { supplier, ...fine };
  },
  createSupplier: (
    {
      input,
    }: {
      input: Pick<Row<"Supplier">, "key" | "name" | "connector" | "currency"> & {
        connection?: ConnectionFields;
      };
    },
    { world }: Context,
  ) => {
    if (world.suppliers.some(({ key }) => key === input.key)) {
      return problem("CONFLICT", "A supplier with this key exists.", ["key"]);
    }
    const { connection, ...fields } = input;
    const supplier = makeSupplier(fields);
    connect(supplier, connection ?? {});
    world.suppliers.push(supplier);
    return { supplier, ...fine };
  },
  updateSupplier: (
    { id, input }: { id: string; input: Partial<Row<"Supplier">> },
    { world }: Context,
  ) => {
    const supplier = world.suppliers.find((row) => row.id === id);
    if (!supplier) return problem("NOT_FOUND", "No such supplier.");
    Object.assign(supplier, input);
    return { supplier, ...fine };
  },
  connectSupplier: (
    { supplierId, input }: { supplierId: string; input: ConnectionFields },
    { world }: Context,
  ) => {
    const supplier = world.suppliers.find((row) => row.id === supplierId);
    if (!supplier) return problem("NOT_FOUND", "No such supplier.");
    connect(supplier, input);
    return { supplier, ...fine };
  },
  createSupplierKey: () => ({ key: "oysk_7Qm2pXv9Rt4Lk8Wz3Nc6Hb1Y", ...fine }),
  saveOffer: (
    {
      input,
    }: {
      input: {
        supplierId: string;
        sku: string;
        title: string;
        cost: string;
        counted?: boolean;
      } & Partial<Row<"Offer">>;
    },
    { world }: Context,
  ) => {
    const supplier = world.suppliers.find((row) => row.id === input.supplierId);
    if (!supplier) return problem("NOT_FOUND", "No such supplier.");
    const { supplierId: _, cost, sku, title, counted, ...rest } = input;
    const dear = rest.priceBreaks?.findIndex((step) => Number(step.cost) > Number(cost)) ?? -1;
    if (dear >= 0)
      return problem("INVALID", "more pieces do not cost more each", [
        "priceBreaks",
        String(dear),
        "cost",
      ]);
    const minor = Math.round(Number(cost) * 100);
    const before = world.offers.find((row) => row.supplier === supplier && row.sku === sku);
    const offer = before ?? makeOffer(supplier, { sku, title, minor });
    const isNews = counted || rest.stock !== offer.stock;
    Object.assign(offer, { title, ...rest, cost: money(minor, supplier.currency) });
    if (isNews) offer.available = offer.stock;
    if (!before) world.offers.push(offer);
    return { offer, ...fine };
  },
  saveMapping: (
    { variantId, alternatives }: { variantId: string; alternatives: Alternatives },
    { world }: Context,
  ) => {
    const variant = world.variants.find((row) => row.id === variantId);
    if (!variant) return problem("NOT_FOUND", "No such variant.");
    const field = unknownOffer(alternatives, world);
    if (field) return problem("INVALID", "there is no such offer", field);
    map(variant, resolve(world, alternatives));
    return { variant, ...fine };
  },
  deleteMapping: ({ variantId }: { variantId: string }, { world }: Context) => {
    const variant = world.variants.find((row) => row.id === variantId);
    if (!variant) return problem("NOT_FOUND", "No such variant.");
    variant.mapping = null;
    return { variant, ...fine };
  },

  requeueJob: ({ id }: { id: string }, { world }: Context) => takeJob(world, id),
  dismissJob: ({ id }: { id: string }, { world }: Context) => takeJob(world, id),
  replayDelivery: ({ id }: { id: string }, { world }: Context) => {
    const row = world.lostDeliveries.find((delivery) => delivery.id === id);
    if (!row) return problem("NOT_FOUND", "this delivery was not found");
    world.lostDeliveries.splice(world.lostDeliveries.indexOf(row), 1);
    return { id, ...fine };
  },

  resolveByMapping: (
    { exceptionId, alternatives }: { exceptionId: string; alternatives: Alternatives },
    { world }: Context,
  ) =>
    settle(world, exceptionId, "Mapped and routed again", (exception) => {
      const variant = exception.orderLine?.variant;
      if (variant) map(variant, resolve(world, alternatives));
    }),
  retryException: ({ exceptionId }: { exceptionId: string }, { world }: Context) =>
    settle(world, exceptionId, "Routed again"),
  chooseSupplier: (
    { exceptionId, offerId }: { exceptionId: string; offerId: string },
    { world }: Context,
  ) => {
    const exception = world.exceptions.find((row) => row.id === exceptionId);
    const mapped = exception?.orderLine?.variant?.mapping?.alternatives.some(({ components }) =>
      components.some(({ offer }) => offer.id === offerId),
    );
    return mapped
      ? settle(world, exceptionId, "Another supplier chosen")
      : problem("INVALID", "the line's product is not mapped to this offer; map it first", [
          "offerId",
        ]);
  },
  acceptPrice: ({ exceptionId }: { exceptionId: string }, { world }: Context) =>
    settle(world, exceptionId, "New price accepted"),
  settleUnknown: (
    { exceptionId, placed }: { exceptionId: string; placed: boolean },
    { world }: Context,
  ) =>
    settle(
      world,
      exceptionId,
      placed ? "Confirmed as placed" : "Confirmed as not placed",
      (row) => {
        if (row.purchaseOrder) row.purchaseOrder.status = placed ? "PLACED" : "CANCELLED";
      },
    ),
  settleFulfillment: (
    { exceptionId, fulfillmentId }: { exceptionId: string; fulfillmentId: string | null },
    { world }: Context,
  ) =>
    settle(
      world,
      exceptionId,
      fulfillmentId
        ? "Shopify has the parcel"
        : "Shopify did not take the parcel: it is sent again",
    ),
  releasePurchaseOrder: ({ exceptionId }: { exceptionId: string }, { world }: Context) =>
    settle(world, exceptionId, "It was released", (row) => {
      if (row.purchaseOrder) row.purchaseOrder.status = "PLACED";
    }),
  refusePurchaseOrder: (
    { exceptionId, note }: { exceptionId: string; note: string },
    { world }: Context,
  ) =>
    settle(world, exceptionId, `It is not sent: ${note}`, (row) => {
      if (row.purchaseOrder) row.purchaseOrder.status = "CANCELLED";
    }),
  overrideRouting: ({ orderId, reason }: { orderId: string; reason: string }, { world }: Context) =>
    noted(world, orderId, `Routed by hand: ${reason}`),
  splitPurchaseOrder: ({ id, reason }: { id: string; reason: string }, { world }: Context) =>
    noted(world, orderOf(world, id), `Split by hand: ${reason}`),
  mergePurchaseOrders: ({ id, reason }: { id: string; reason: string }, { world }: Context) =>
    noted(world, orderOf(world, id), `Merged by hand: ${reason}`),
  settleFulfilledByHand: (
    { exceptionId, choice }: { exceptionId: string; choice: string },
    { world }: Context,
  ) =>
    settle(
      world,
      exceptionId,
      choice === "ADOPT_TRACKING" ? "Tracking adopted" : "Purchase order cancelled",
    ),
  markHandled: ({ exceptionId, note }: { exceptionId: string; note: string }, { world }: Context) =>
    settle(world, exceptionId, `Marked handled: ${note}`),
  routeOrder: ({ id }: { id: string }, { world }: Context) => {
    const order = world.orders.find((row) => row.id === id);
    if (!order) return problem("NOT_FOUND", "this order was not found");
    order.status = "WITH_SUPPLIER";
    return { order, ...fine };
  },
  cancelPurchaseOrder: ({ id, reason }: { id: string; reason: string }, context: Context) =>
    change(context, id, (row) => {
      row.status =
        row.status === "PLACED" || row.status === "ACCEPTED" ? "CANCEL_REQUESTED" : "CANCELLED";
      row.cancelRequestedAt = new Date().toISOString();
      row.cancelReason = reason;
    }),

  acknowledgePurchaseOrder: (
    {
      id,
      lines,
      reference,
    }: {
      id: string;
      reference?: string;
      lines: { lineId: string; accepted: number; rejected: number; reason?: "OUT_OF_STOCK" }[];
    },
    context: Context,
  ) =>
    change(context, id, (row) => {
      for (const answer of lines) {
        const line = row.lines.find((candidate) => candidate.id === answer.lineId);
        if (!line) continue;
        line.accepted = answer.accepted;
        line.rejected = answer.rejected;
        line.rejectReason = answer.reason ?? null;
      }
      row.supplierReference = reference ?? null;
      row.status = row.lines.some(({ accepted }) => accepted > 0) ? "ACCEPTED" : "REJECTED";
    }),
  shipPurchaseOrder: (
    {
      id,
      input,
    }: {
      id: string;
      input: {
        reference?: string;
        carrier: string;
        trackingNumber?: string;
        trackingUrl?: string;
        lines: { lineId: string; quantity: number }[];
      };
    },
    context: Context,
  ) => {
    const known = shipmentNamed(context.world, id, input.reference);
    if (known) return { purchaseOrder: known.purchaseOrder, ...fine };
    return change(context, id, (row) => {
      makeShipment(
        row,
        row.lines.map(
          ({ id: lineId }) => input.lines.find((line) => line.lineId === lineId)?.quantity ?? 0,
        ),
        {
          ...(input.reference && { reference: input.reference }),
          carrier: input.carrier,
          trackingNumber: input.trackingNumber ?? null,
          trackingUrl: input.trackingUrl ?? null,
          shippedAt: new Date().toISOString(),
          state: "PUSHING",
        },
      );
      const done = row.lines.every(({ accepted, shipped }) => shipped >= accepted);
      row.status = done ? "SHIPPED" : "PARTLY_SHIPPED";
    });
  },
  correctTracking: (
    input: { shipmentId: string; carrier: string; trackingNumber: string; trackingUrl?: string },
    context: Context,
  ) => {
    for (const order of context.world.orders) {
      const shipment = order.shipments.find(({ id }) => id === input.shipmentId);
      if (!shipment) continue;
      shipment.carrier = input.carrier;
      shipment.trackingNumber = input.trackingNumber;
      shipment.trackingUrl = input.trackingUrl ?? null;
      return { purchaseOrder: shipment.purchaseOrder, ...fine };
    }
    return problem("NOT_FOUND", "No such shipment.");
  },
  answerCancellation: ({ id, accepted }: { id: string; accepted: boolean }, context: Context) =>
    change(context, id, (row) => {
      row.status = accepted ? "CANCELLED" : "ACCEPTED";
      row.cancelRequestedAt = null;
    }),
};

function enter(session: string, context: Context) {
  context.setSession(session);
  return { viewer: viewerOf({ ...context, session }), ...fine };
}

function invite(email: string) {
  return email.includes("@")
    ? { link: `${"https://orderyard.example"}/invitation/4f9d2c71a8e34b6d`, ...fine }
    : problem("INVALID", "This is not an e-mail address.", ["email"]);
}

function connect(supplier: Row<"Supplier">, fields: ConnectionFields) {
  supplier.connection = {
    id: nextId(),
    priority: 10,
    priceTolerancePct: "0",
    handlingDays: 1,
    answerHours: 0,
    cutoffHour: null,
    dangerousGoods: true,
    checksAge: false,
    active: true,
    costs: null,
    onTimePct: null,
    ...supplier.connection,
    ...fields,
  };
}

function resolve(world: World, alternatives: Alternatives) {
  return alternatives.map(({ components }) =>
    components.flatMap(({ offerId, quantity }) =>
      world.offers
        .filter(({ id }) => id === offerId)
        .map((offer): [typeof offer, number] => [offer, quantity]),
    ),
  );
}

function settle(
  world: World,
  id: string,
  resolution: string,
  also?: (exception: ExceptionRow) => void,
) {
  const exception = world.exceptions.find((row) => row.id === id);
  if (!exception) return problem("NOT_FOUND", "No such exception.");
  if (exception.status === "RESOLVED")
    return problem("ALREADY_DONE", "Somebody settled this already.");
  also?.(exception);
  exception.status = "RESOLVED";
  exception.resolvedAt = new Date().toISOString();
  exception.resolution = resolution;
  exception.choices = [];
  const { order } = exception;
  if (order) {
    tell(order, 60, "Robin Meadow", "exception.resolved", resolution);
    if (order.exceptions.every(({ status }) => status === "RESOLVED"))
      order.status = "WITH_SUPPLIER";
    for (const line of order.lines) {
      for (const units of line.units) {
        if (units.state === "IN_EXCEPTION")
          Object.assign(units, { state: "ALLOCATED", reason: null });
      }
    }
  }
  return { exception, ...fine };
}

function shipmentNamed(world: World, id: string, reference: string | undefined) {
  return world.orders
    .flatMap((order) => order.shipments)
    .find((row) => row.purchaseOrder.id === id && row.reference === reference);
}

function change({ world }: Context, id: string, edit: (row: PurchaseOrder) => void) {
  const purchaseOrder = world.orders
    .flatMap((order) => order.purchaseOrders)
    .find((row) => row.id === id);
  if (!purchaseOrder) return problem("NOT_FOUND", "No such purchase order.");
  if (bucketOf(purchaseOrder) === "DONE") {
    return problem("CONFLICT", "This purchase order is done already.");
  }
  edit(purchaseOrder);
  return { purchaseOrder, ...fine };
}

function takeJob(world: World, id: string) {
  const row = world.deadJobs.find((job) => job.id === id);
  if (!row) return problem("NOT_FOUND", "this job was not found among those that were given up");
  world.deadJobs.splice(world.deadJobs.indexOf(row), 1);
  return { id, ...fine };
}

function orderOf(world: World, purchaseOrder: string): string | undefined {
  return world.orders.find(({ purchaseOrders }) =>
    purchaseOrders.some(({ id }) => id === purchaseOrder),
  )?.id;
}

function noted(world: World, id: string | undefined, message: string) {
  const order = world.orders.find((row) => row.id === id);
  if (!order) return problem("NOT_FOUND", "There is no such order.");
  tell(order, 5, "Robin Meadow", "overridden", message);
  return { order, ...fine };
}
