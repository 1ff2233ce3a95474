/** The mock's world: one shop, its suppliers, what they sell and what it is mapped to. */
import {
  type ExceptionRow,
  makeOffer,
  makeSupplier,
  makeVariant,
  nextId,
  type Offer,
  type Order,
  type Supplier,
  type Variant,
} from "./builders.ts";
import { advance, arrive } from "./motion.ts";
import type { Row } from "./row.ts";
import { makeRulebook, type Rulebook } from "./rules.ts";
import { tellStories } from "./stories.ts";
import { makeRuns } from "./what-if.ts";

export interface World {
  now: Date;
  shop: Row<"Shop">;
  suppliers: Supplier[];
  offers: Offer[];
  variants: Variant[];
  orders: Order[];
  exceptions: ExceptionRow[];
  deadJobs: Row<"DeadJob">[];
  lostDeliveries: Row<"LostDelivery">[];
  proposals: Row<"MatchProposal">[];
  matchRun: Row<"MatchRun"> | null;
  rulebook: Rulebook;
  whatIfRuns: Row<"WhatIfRun">[];
  /** A new order, as if a webhook had come. */
  arrive: () => void;
  /** Suppliers' systems ship what is new to them, and Shopify takes what they shipped. */
  advance: () => void;
}

export function makeWorld(now: Date): World {
  const catalogue = makeCatalogue(now);
  const world: World = {
    now,
    shop: makeShop(),
    ...catalogue.rows,
    orders: [],
    exceptions: [],
    deadJobs: [],
    lostDeliveries: makeLostDeliveries(now),
    proposals: [],
    matchRun: null,
    rulebook: makeRulebook(now),
    whatIfRuns: [],
    arrive: () => arrive(world, catalogue),
    advance: () => advance(world),
  };
  tellStories(world, catalogue);
  world.deadJobs = makeDeadJobs(world);
  world.whatIfRuns = makeRuns(world);
  return world;
}

function minutesBefore(now: Date, minutes: number): string {
  return new Date(now.getTime() - minutes * 60_000).toISOString();
}

function makeDeadJobs({ now, orders }: World): Row<"DeadJob">[] {
  const shared = {
    createdAt: minutesBefore(now, 1500),
    lastTriedAt: minutesBefore(now, 12),
    attempts: 12,
  };
  return [
    {
      ...shared,
      id: nextId(),
      name: "push_fulfillment",
      order: orders[1] ?? null,
      lastError: "Shopify answered 502 Bad Gateway",
      payload: { shopify_id: 5510021, shop_id: 55501234567 },
    },
    {
      ...shared,
      id: nextId(),
      name: "sync_variants",
      attempts: 1,
      order: null,
      lastError: "access denied for productVariants: the scope read_products is missing",
      payload: { shop_id: 55501234567 },
    },
  ];
}

function makeLostDeliveries(now: Date): Row<"LostDelivery">[] {
  return [
    {
      id: nextId(),
      topic: "orders/updated",
      webhookId: "b1f6f0ac-3b5e-4c55-9d4b-0a5f2a2a7c11",
      receivedAt: minutesBefore(now, 35),
      fate: "UNREADABLE",
      note: "the body is not JSON: expected value at line 1 column 20",
      body: '{"id": 5510022, "na',
      canBeReplayed: true,
    },
    {
      id: nextId(),
      topic: "orders/create",
      webhookId: "0d9f7b1e-9a01-4f5e-8a3d-5d1e0a4b7722",
      receivedAt: minutesBefore(now, 60 * 24 * 40),
      fate: "CONTRADICTED",
      note: "the signed body does not name the shop of the header",
      body: null,
      canBeReplayed: false,
    },
  ];
}

function makeShop(): Row<"Shop"> {
  return {
    id: "55501234567",
    domain: "meadow-and-mill.myshopify.com",
    name: "Meadow & Mill",
    currency: "EUR",
    timeZone: "Europe/Berlin",
    status: "INSTALLED",
    outage: null,
    settings: {
      automation: true,
      notifyCustomer: true,
      kitFulfillment: "LAST_COMPONENT",
      allLocations: false,
      routing: {
        strategy: "CHEAPEST",
        promisedDays: 4,
        shareDays: 30,
        weights: {
          latePerDay: null,
          perUnitDay: null,
          perParcel: "0.80",
          perUnitNotOwn: null,
          perUnitPriority: null,
          perUnfilledPiece: null,
          perLatePiece: null,
        },
        shares: [],
        rates: [{ from: "USD", to: "EUR", rate: "0.92", on: "2026-11-20" }],
      },
      undoMinutes: 15,
      review: { firstOrder: true, above: null, risk: true, tags: ["check"] },
    },
    locations: [
      { id: "71001", name: "Orderyard suppliers", selected: true },
      { id: "71002", name: "Berlin studio", selected: true },
      { id: "71003", name: "Pop-up store Kreuzberg", selected: false },
    ],
    reconciliation: {
      repairedLast7Days: 3,
      last: {
        id: "sweep-1",
        since: new Date(Date.now() - 30 * 60_000).toISOString(),
        beganAt: new Date(Date.now() - 5 * 60_000).toISOString(),
        endedAt: new Date(Date.now() - 4 * 60_000).toISOString(),
        seen: 128,
        ordersMissing: 1,
        ordersOutdated: 2,
        subscriptionsMissing: 0,
        workResumed: 0,
        asked: 12,
        reportsMissed: 1,
      },
    },
    counts: {
      deadJobs: 0,
      openExceptions: 0,
      awaitingRouting: 1,
      withSupplier: 9,
      shippedLast7Days: 34,
      unmappedVariants: 0,
    },
  };
}

export type Catalogue = ReturnType<typeof makeCatalogue>;

const northCosts: Row<"ConnectionCosts"> = {
  currency: "EUR",
  perOrder: "1.50",
  perParcel: "0.40",
  ownStock: false,
  fillRatePct: "98.5",
  zones: [
    {
      name: "Islands",
      countries: ["DE"],
      provinces: [],
      postcodes: [
        { prefix: "18565", from: null, to: null },
        { prefix: null, from: "25840", to: "25999" },
      ],
      transitDays: 5,
      dutyPct: null,
      taxPct: null,
      brackets: [
        { upToG: 2000, cost: "9.90" },
        { upToG: 31500, cost: "14.90" },
      ],
    },
    {
      name: "Switzerland",
      countries: ["CH"],
      provinces: [],
      postcodes: [],
      transitDays: 4,
      dutyPct: "3",
      taxPct: "8.1",
      brackets: [],
    },
  ],
};

function makeCatalogue(now: Date) {
  const connection = (priority: number, active = true) => ({
    id: nextId(),
    priority,
    priceTolerancePct: "2",
    handlingDays: 1,
    answerHours: 24,
    cutoffHour: null,
    dangerousGoods: true,
    checksAge: false,
    active,
    costs: priority === 1 ? northCosts : null,
    onTimePct: priority === 1 ? "96.5" : null,
  });
  const north = makeSupplier({
    key: "north",
    name: "North Textiles",
    connector: "HTTP",
    connection: connection(1),
    openPurchaseOrders: 4,
  });
  const hill = makeSupplier({
    key: "hillside",
    name: "Hillside Pottery",
    connector: "PORTAL",
    connection: connection(2),
    openPurchaseOrders: 6,
  });
  const cargo = makeSupplier({
    key: "cargo",
    name: "Cargo Kitchenware",
    connector: "HTTP",
    currency: "USD",
    connection: connection(3),
    private: false,
    outage: {
      since: minutesBefore(now, 14),
      nextTryAt: minutesBefore(now, -2),
      reason: "api.cargo.example did not answer within 10 s",
    },
    asking: {
      offered: false,
      since: minutesBefore(now, 600),
      problem: "its system answers 404 to questions about purchase orders",
      askAfter: null,
    },
  });
  const paper = makeSupplier({
    key: "old-mill",
    name: "Old Mill Paper",
    connector: "PORTAL",
    connection: connection(4, false),
  });
  const glass = makeSupplier({
    key: "glasswerk",
    name: "Glaswerk Süd",
    connector: "HTTP",
    private: false,
  });

  const tee = makeOffer(north, {
    sku: "NT-TEE-M",
    title: "Organic tee, medium",
    minor: 820,
    stock: 212,
    barcode: "4006381333931",
  });
  const tote = makeOffer(north, {
    sku: "NT-TOTE",
    title: "Canvas tote",
    minor: 410,
    stock: 64,
    available: 52,
  });
  const northMug = makeOffer(north, {
    sku: "NT-MUG",
    title: "Mug, white, 300 ml",
    minor: 460,
    stock: 0,
  });
  const mug = makeOffer(hill, { sku: "HP-MUG-01", title: "Stoneware mug", minor: 540, stock: 48 });
  const bowl = makeOffer(hill, {
    sku: "HP-BOWL-02",
    title: "Ramen bowl, speckled",
    minor: 890,
    stock: 17,
  });
  const plate = makeOffer(hill, {
    sku: "HP-PLATE-04",
    title: "Side plate, 18 cm",
    minor: 620,
    stock: 33,
    active: false,
  });
  const whisk = makeOffer(cargo, {
    sku: "CK-4471",
    title: "Bamboo matcha whisk",
    minor: 399,
    stock: null,
    shipsTo: ["DE", "AT", "US"],
  });
  const kettle = makeOffer(cargo, {
    sku: "CK-2090",
    title: "Gooseneck kettle 0.9 l",
    minor: 2650,
    stock: 8,
  });
  const card = makeOffer(paper, {
    sku: "OM-CARD",
    title: "Letterpress card",
    minor: 120,
    stock: 900,
  });

  const mugVariant = makeVariant(1, "MUG-0001", "Everyday mug", "Sand", [
    [[mug, 1]],
    [[northMug, 1]],
  ]);
  const teeVariant = makeVariant(2, "TEE-M", "Meadow tee", "M / Undyed", [[[tee, 1]]]);
  const kitVariant = makeVariant(3, "KIT-MATCHA", "Matcha morning set", "Default Title", [
    [
      [bowl, 1],
      [whisk, 1],
    ],
  ]);
  const setVariant = makeVariant(4, "MUG-SET-4", "Everyday mug, set of four", "Default Title", [
    [[mug, 4]],
  ]);
  const kettleVariant = makeVariant(5, "KETTLE-09", "Slow kettle", "Matte black", [[[kettle, 1]]]);
  const toteVariant = makeVariant(6, "TOTE-01", "Market tote", "Natural", []);
  const candleVariant = makeVariant(7, "CANDLE-FIG", "Fig leaf candle", "180 g", []);
  const cardVariant = makeVariant(8, null, "Greeting card", "Thank you", []);

  return {
    rows: {
      suppliers: [north, hill, cargo, paper, glass],
      offers: [tee, tote, northMug, mug, bowl, plate, whisk, kettle, card],
      variants: [
        mugVariant,
        teeVariant,
        kitVariant,
        setVariant,
        kettleVariant,
        toteVariant,
        candleVariant,
        cardVariant,
      ],
    },
    north,
    hill,
    cargo,
    tee,
    tote,
    northMug,
    mug,
    bowl,
    whisk,
    kettle,
    mugVariant,
    teeVariant,
    kitVariant,
    setVariant,
    kettleVariant,
    toteVariant,
    candleVariant,
  };
}
