/** The mock's comparisons: one that is done, and new ones that go on each time one looks. */
import { money, nextId } from "./builders.ts";
import { connection, type PageArgs, type Row } from "./row.ts";
import type { Context } from "./server.ts";
import type { World } from "./world.ts";

type Run = Row<"WhatIfRun">;
type Input = {
  since: string;
  until?: string | null;
  rules?: Row<"Rule">[] | null;
  routing?: Row<"Routing"> | null;
  connections?: (Omit<Row<"WhatIfConnection">, "supplier"> & { supplierId: string })[] | null;
};

const fine = { problems: [] };
const DAY = 86_400_000;

export function makeRuns(world: World): Run[] {
  const since = new Date(world.now.getTime() - 30 * DAY).toISOString();
  const run = begin(world, {
    since,
    routing: { ...world.shop.settings.routing, strategy: "FEWEST_PARCELS" },
  });
  run.askedAt = new Date(world.now.getTime() - 3 * 3_600_000).toISOString();
  while (run.state !== "DONE") goOn(world, run);
  return [run];
}

function begin(world: World, input: Input): Run {
  const { routing, rulebook } = { routing: world.shop.settings.routing, rulebook: world.rulebook };
  const side = (strategy: Run["live"]["strategy"]): Run["live"] => ({
    strategy,
    cost: money(0),
    parcels: 0,
    days: null,
    ordersShort: 0,
    ordersUnpriced: 0,
  });
  const run: Run = {
    id: nextId(),
    state: "QUEUED",
    since: input.since,
    until: input.until ?? world.now.toISOString(),
    askedBy: "Robin Meadow",
    askedAt: new Date().toISOString(),
    endedAt: null,
    failure: null,
    differs: [
      ...(input.routing ? (["ROUTING"] as const) : []),
      ...(input.rules ? (["RULES"] as const) : []),
      ...(input.connections?.length ? (["CONNECTIONS"] as const) : []),
    ],
    ordersTotal: null,
    ordersSeen: 0,
    ordersCompared: 0,
    ordersPriced: 0,
    draftRulesNeverInForce: [],
    cutOff: false,
    ordersChanged: 0,
    live: side(routing.strategy),
    draft: side(input.routing?.strategy ?? routing.strategy),
    suppliers: [],
    draftRules:
      input.rules?.map((rule) => ({ ...rule, id: rule.name, state: "IN_FORCE" })) ?? rulebook.rules,
    draftRouting: input.routing ?? routing,
    draftConnections: (input.connections ?? []).map(({ supplierId, ...row }) => ({
      ...row,
      supplier: world.suppliers.find(({ id }) => id === supplierId) ?? null,
    })),
    changedOrders: ({ sort, ...page }: PageArgs & { sort?: "PLACED" | "SAVING" | null }) => {
      const rows = changed(world, run);
      return connection(
        sort === "SAVING" ? rows.toSorted((a, b) => saving(b) - saving(a)) : rows,
        page,
      );
    },
  };
  return run;
}

/** Every third order is for the other one of two. */
function changed(world: World, run: Run): Row<"WhatIfOrder">[] {
  const [one, other] = world.suppliers;
  const orders = world.orders.slice(0, run.ordersSeen).filter((_, index) => index % 3 === 0);
  const way = (supplier: string, minor: number) => ({
    suppliers: [supplier],
    unserved: 0,
    cost: money(minor),
    parcels: 1,
    days: 3,
  });
  return orders.map((order, index) => ({
    number: index + 1,
    orderId: order.id,
    name: order.name,
    placedAt: order.createdAt,
    live: way(one?.name ?? "", 1980 + 10 * index),
    draft: way(other?.name ?? "", 1840 + 7 * index),
  }));
}

const saving = ({ live, draft }: Row<"WhatIfOrder">) =>
  Number(live.cost?.amountMinor) - Number(draft.cost?.amountMinor);

function goOn(world: World, run: Run) {
  if (run.state === "QUEUED") {
    run.state = "RUNNING";
    run.ordersTotal = world.orders.length;
    return;
  }
  if (run.state !== "RUNNING") return;
  const seen = Math.min(run.ordersTotal ?? 0, run.ordersSeen + 20);
  if (seen === run.ordersSeen) {
    run.state = "DONE";
    run.endedAt = new Date().toISOString();
  }
  Object.assign(run, { ordersSeen: seen, ordersCompared: seen, ordersPriced: seen });
  run.ordersChanged = changed(world, run).length;
  run.live = { ...run.live, cost: money(seen * 1990), parcels: seen, days: 3.4 };
  run.draft = {
    ...run.draft,
    cost: money(seen * 1990 - run.ordersChanged * 140),
    parcels: seen + 4,
    days: 3.1,
    ordersUnpriced: 1,
  };
  const part = (percent: number) => ({
    orders: Math.round((seen * percent) / 100),
    pieces: Math.round((seen * 2 * percent) / 100),
    percent,
    cost: money(Math.round(seen * 19.9 * percent)),
  });
  run.suppliers = world.suppliers.slice(0, 3).map((supplier, index) => ({
    supplier,
    live: part([62.5, 30, 7.5][index] ?? 0),
    draft: part([41, 51.5, 7.5][index] ?? 0),
  }));
}

export const whatIfQueries = {
  whatIfRun: ({ id }: { id: string }, { world }: Context) => {
    const run = world.whatIfRuns.find((row) => row.id === id);
    if (run) goOn(world, run);
    return run ?? null;
  },
  whatIfRuns: (page: PageArgs, { world }: Context) => connection(world.whatIfRuns, page),
};

export const whatIfMutations = {
  startWhatIf: ({ input }: { input: Input }, { world }: Context) => {
    const wrong = input.routing?.weights.perParcel?.startsWith("-");
    if (wrong) {
      const field = ["routing", "weights", "perParcel"];
      return { run: null, problems: [{ field, code: "INVALID", message: "this is not negative" }] };
    }
    const connections = input.connections ?? [];
    const problems = connections.flatMap(({ costs }, index) =>
      costs?.perParcel.startsWith("-")
        ? [
            {
              field: ["connections", String(index), "costs", "perParcel"],
              code: "INVALID",
              message: "this is not negative",
            },
          ]
        : [],
    );
    if (problems.length > 0) return { run: null, problems };
    const run = begin(world, input);
    world.whatIfRuns.unshift(run);
    return { run, ...fine };
  },
  cancelWhatIf: ({ id }: { id: string }, { world }: Context) => {
    const run = world.whatIfRuns.find((row) => row.id === id);
    if (!run)
      return {
        run: null,
        problems: [{ field: null, code: "NOT_FOUND", message: "this comparison was not found" }],
      };
    run.state = "CANCELLED";
    run.endedAt = new Date().toISOString();
    return { run, ...fine };
  },
};
