/** Orders in every state worth a look, oldest first. */
import {
  type ExceptionRow,
  fulfil,
  makeLine,
  makeOrder,
  makePurchaseOrder,
  makeShipment,
  money,
  type OrderLine,
  type PurchaseOrder,
} from "./builders.ts";
import { component, plan, raise } from "./plan.ts";
import type { Catalogue, World } from "./world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function tellStories(world: World, c: Catalogue) {
  const at = (ms: number) => new Date(world.now.getTime() - ms);
  for (let index = 0; index < 32; index += 1)
    filler(world, c, 1001 + index, at(9 * DAY - index * 5 * HOUR));
  unsent(world, c, at(50 * HOUR));
  shippedInThreeParcels(world, c, at(26 * HOUR));
  notRoutable(world, c, at(20 * HOUR));
  portalWork(world, c, at);
  waitingForKit(world, c, at(8 * HOUR));
  troubles(world, c, at);
  awaiting(world, c, at(3 * MINUTE));
  world.orders.reverse();
}

function filler(world: World, c: Catalogue, number: number, at: Date) {
  const [variant, offer, supplier] =
    number % 2 === 0
      ? ([c.teeVariant, c.tee, c.north] as const)
      : ([c.mugVariant, c.mug, c.hill] as const);
  const line = makeLine(variant, 1 + (number % 3), [["SHIPPED", 1 + (number % 3)]]);
  const order = makeOrder(number, at, [line], { status: "SHIPPED" });
  order.plan = plan(order, [[line, offer, supplier]]);
  const purchaseOrder = makePurchaseOrder(order, supplier, [[offer, line.quantity]], {
    status: "SHIPPED",
  });
  fulfil(makeShipment(purchaseOrder, [line.quantity]), [[line, line.quantity]]);
  world.orders.push(order);
}

function shippedInThreeParcels(world: World, c: Catalogue, at: Date) {
  const mug = makeLine(c.mugVariant, 1, [["SHIPPED", 1]]);
  const tees = makeLine(c.teeVariant, 2, [
    ["SHIPPED", 1],
    ["ALLOCATED", 1, "With North Textiles, DEMO-1035-2"],
  ]);
  const kit = makeLine(c.kitVariant, 1, [["SHIPPED", 1]]);
  const order = makeOrder(1035, at, [mug, tees, kit], { status: "PARTLY_SHIPPED" });
  order.plan = plan(order, [
    [mug, c.mug, c.hill],
    [tees, c.tee, c.north],
  ]);
  order.plan.lines.push({
    orderLine: kit,
    quantity: 1,
    outcome: "ALLOCATED",
    reason: "The only mapping; both components in stock and shipping to Germany.",
    components: [component(c.bowl, 1), component(c.whisk, 1)],
    rejected: [],
    alone: null,
    runnerUp: null,
  });
  const pottery = makePurchaseOrder(
    order,
    c.hill,
    [
      [c.mug, 1],
      [c.bowl, 1],
    ],
    { status: "SHIPPED", supplierReference: "HP-88213" },
  );
  const textiles = makePurchaseOrder(order, c.north, [[c.tee, 2]], {
    status: "PARTLY_SHIPPED",
    supplierReference: "NT/2026/5519",
  });
  const kitchen = makePurchaseOrder(order, c.cargo, [[c.whisk, 1]], { status: "SHIPPED" });
  fulfil(makeShipment(pottery, [1, 1]), [[mug, 1]]);
  fulfil(makeShipment(textiles, [1], { carrier: "GLS", trackingNumber: "0085 1204 7731" }), [
    [tees, 1],
  ]);
  fulfil(
    makeShipment(kitchen, [1], {
      carrier: "Riksha Kurier",
      trackingNumber: "RK-5521",
      trackingUrl: "https://riksha.example/t/RK-5521",
    }),
    [[kit, 1]],
  );
  world.orders.push(order);
}

function notRoutable(world: World, c: Catalogue, at: Date) {
  const unpaid = makeLine(c.teeVariant, 1, [["NOT_OURS", 1, "The order is not paid yet."]]);
  world.orders.push(
    makeOrder(1036, at, [unpaid], {
      status: "NOT_ROUTABLE",
      financialStatus: "PENDING",
      reason: "Not paid yet: it will be routed when Shopify says it is paid.",
    }),
  );
  const held = makeLine(c.kettleVariant, 1, [
    ["HELD", 1, "On hold in Shopify: awaiting address check."],
  ]);
  world.orders.push(
    makeOrder(1037, new Date(at.getTime() + HOUR), [held], {
      status: "HELD",
      reason: "On hold in Shopify: awaiting address check.",
    }),
  );
}

function portalWork(world: World, c: Catalogue, at: (ms: number) => Date) {
  const work = (number: number, ms: number, quantity: number, fields: Partial<PurchaseOrder>) => {
    const line = makeLine(c.mugVariant, quantity, [
      ["ALLOCATED", quantity, "With Hillside Pottery"],
    ]);
    const order = makeOrder(number, at(ms), [line]);
    order.plan = plan(order, [[line, c.mug, c.hill]]);
    world.orders.push(order);
    return makePurchaseOrder(order, c.hill, [[c.mug, quantity]], fields);
  };
  work(1038, 5 * DAY, 2, { status: "ACCEPTED" });
  work(1039, 19 * HOUR, 4, { status: "ACCEPTED", supplierReference: "HP-88240" });
  const partly = work(1040, 18 * HOUR, 6, { status: "PARTLY_SHIPPED" });
  makeShipment(partly, [2], { carrier: "DPD", trackingNumber: "09981122334455" });
  work(1041, 15 * HOUR, 3, {
    status: "CANCEL_REQUESTED",
    cancelRequestedAt: at(40 * MINUTE).toISOString(),
    cancelReason: "The customer cancelled the order in Shopify.",
  });
  work(1042, 95 * MINUTE, 1, {});
  work(1043, 50 * MINUTE, 2, {});
}

function waitingForKit(world: World, c: Catalogue, at: Date) {
  const kit = makeLine(c.kitVariant, 1, [["ALLOCATED", 1, "One of two components shipped"]]);
  const order = makeOrder(1044, at, [kit], { status: "WITH_SUPPLIER" });
  order.plan = plan(order, []);
  order.plan.lines.push({
    orderLine: kit,
    quantity: 1,
    outcome: "ALLOCATED",
    reason: "The only mapping; both components can ship to Austria.",
    components: [component(c.bowl, 1), component(c.whisk, 1)],
    rejected: [],
    alone: null,
    runnerUp: null,
  });
  const bowl = makePurchaseOrder(order, c.hill, [[c.bowl, 1]], { status: "SHIPPED" });
  makePurchaseOrder(order, c.cargo, [[c.whisk, 1]], { status: "ACCEPTED" });
  makeShipment(bowl, [1], { state: "WAITING_FOR_KIT" });
  world.orders.push(order);
}

function troubles(world: World, c: Catalogue, at: (ms: number) => Date) {
  const trouble = (
    number: number,
    ms: number,
    lines: OrderLine[],
    exception: Pick<ExceptionRow, "kind" | "message" | "choices"> & Partial<ExceptionRow>,
  ) => {
    const order = makeOrder(number, at(ms), lines, { status: "NEEDS_ATTENTION" });
    world.orders.push(order);
    raise(world, order, at(ms - 4 * MINUTE), { orderLine: lines.at(-1) ?? null, ...exception });
    return order;
  };

  const tees = makeLine(c.teeVariant, 2, [["ALLOCATED", 2, "With North Textiles"]]);
  const tote = makeLine(c.toteVariant, 1, [["IN_EXCEPTION", 1, "No mapping"]]);
  const unmapped = trouble(1045, 25 * MINUTE, [tees, tote], {
    kind: "UNMAPPED_LINE",
    message:
      "“Market tote” has no mapping: no supplier is known for it. The other lines went ahead.",
    choices: ["MAP", "MARK_HANDLED"],
  });
  unmapped.plan = plan(unmapped, [[tees, c.tee, c.north]]);
  unmapped.plan.lines.push({
    orderLine: tote,
    quantity: 1,
    outcome: "UNMAPPED",
    reason: "The variant has no mapping.",
    components: [],
    rejected: [],
    alone: null,
    runnerUp: null,
  });
  makePurchaseOrder(unmapped, c.north, [[c.tee, 2]], { status: "ACCEPTED" });

  const agreed = c.kettleVariant.mapping?.alternatives[0]?.components[0];
  if (agreed) {
    agreed.acceptedCost = money(2650, "USD");
    agreed.offer.cost = money(2990, "USD");
  }
  trouble(1046, 3 * HOUR, [makeLine(c.kettleVariant, 1, [["IN_EXCEPTION", 1, "Price rose"]])], {
    kind: "PRICE_ROSE",
    message:
      "Cargo Kitchenware now asks more for CK-2090 than you accepted, beyond the tolerance of 2 %.",
    choices: ["ACCEPT_PRICE", "CHOOSE_SUPPLIER", "MARK_HANDLED"],
    acceptedCost: money(2650, "USD"),
    currentCost: money(2990, "USD"),
  });

  const lost = trouble(
    1047,
    5 * HOUR,
    [makeLine(c.teeVariant, 3, [["IN_EXCEPTION", 3, "Outcome unknown"]])],
    {
      kind: "OUTCOME_UNKNOWN",
      message:
        "North Textiles did not answer when DEMO-1047-1 was placed, and repeating it did not tell. Ask them, then say which it is.",
      choices: ["CONFIRM_PLACED", "CONFIRM_NOT_PLACED", "MARK_HANDLED"],
      evidence: { attempts: 6, lastAnswer: "504 Gateway Timeout" },
    },
  );
  const lostOrder = makePurchaseOrder(lost, c.north, [[c.tee, 3]], {
    status: "OUTCOME_UNKNOWN",
    placedAt: null,
  });
  for (const exception of lost.exceptions) exception.purchaseOrder = lostOrder;

  const byHand = trouble(
    1048,
    7 * HOUR,
    [makeLine(c.mugVariant, 1, [["FULFILLED_OUTSIDE", 1, "Fulfilled by hand in Shopify"]])],
    {
      kind: "FULFILLED_BY_HAND",
      message:
        "Somebody fulfilled this in Shopify after DEMO-1048-1 was placed. Cancel the purchase order, or keep it and use the tracking that Shopify has.",
      choices: ["CANCEL_PURCHASE_ORDER", "ADOPT_TRACKING", "MARK_HANDLED"],
    },
  );
  const handOrder = makePurchaseOrder(byHand, c.hill, [[c.mug, 1]], { status: "ACCEPTED" });
  for (const exception of byHand.exceptions) exception.purchaseOrder = handOrder;
  raise(world, byHand, at(6 * HOUR), {
    kind: "FULFILLMENT_UNCLEAR",
    message:
      "It is not clear whether Shopify has the parcel JD0147: it may be #1048-F1 or #1048-F2. Look at the order there",
    choices: ["CONFIRM_FULFILLED", "CONFIRM_NOT_FULFILLED", "RETRY"],
  });

  const rejected = trouble(
    1049,
    30 * HOUR,
    [makeLine(c.mugVariant, 4, [["IN_EXCEPTION", 4, "Rejected"]])],
    {
      kind: "SUPPLIER_REJECTED",
      message:
        "Hillside Pottery rejected 4 × HP-MUG-01 (out of stock), and the other supplier of it has none.",
      choices: ["RETRY", "CHOOSE_SUPPLIER", "MAP", "MARK_HANDLED"],
    },
  );
  const rejectedOrder = makePurchaseOrder(rejected, c.hill, [[c.mug, 4]], { status: "REJECTED" });
  for (const line of rejectedOrder.lines) {
    line.accepted = 0;
    line.rejected = line.quantity;
    line.rejectReason = "OUT_OF_STOCK";
  }
}

/** What is decided and has not left: one waits for a review, one can be undone. */
function unsent(world: World, c: Catalogue, at: Date) {
  const line = makeLine(c.teeVariant, 4, [["ALLOCATED", 4, "With North Textiles"]]);
  const reviewed = makeOrder(1033, at, [line], { status: "NEEDS_ATTENTION" });
  reviewed.plan = plan(reviewed, [[line, c.tee, c.north]]);
  world.orders.push(reviewed);
  const held = makePurchaseOrder(reviewed, c.north, [[c.tee, 4]], {
    status: "DRAFT",
    placedAt: null,
  });
  raise(world, reviewed, at, {
    kind: "REVIEW",
    message: `${held.number} waits for a review: it is the first order to North Textiles`,
    choices: ["RELEASE", "REFUSE"],
    purchaseOrder: held,
  });
  const other = makeLine(c.mugVariant, 1, [["ALLOCATED", 1, "With Hillside Pottery"]]);
  const undo = makeOrder(1034, at, [other], {
    status: "HELD",
    reason: "It can be undone until 12:05 UTC: DEMO-1034-1 waits",
  });
  undo.plan = plan(undo, [[other, c.mug, c.hill]]);
  world.orders.push(undo);
  const sendAfter = new Date(Date.now() + 9 * MINUTE).toISOString();
  const unsentYet = { status: "DRAFT", placedAt: null, sendAfter } as const;
  makePurchaseOrder(undo, c.hill, [[c.mug, 1]], unsentYet);
  makePurchaseOrder(
    undo,
    c.hill,
    [
      [c.bowl, 1],
      [c.mug, 1],
    ],
    unsentYet,
  );
}

function awaiting(world: World, c: Catalogue, at: Date) {
  const line = makeLine(c.teeVariant, 1, [["AWAITING_ROUTING", 1]]);
  world.orders.push(makeOrder(1050, at, [line], { status: "AWAITING_ROUTING" }));
}
