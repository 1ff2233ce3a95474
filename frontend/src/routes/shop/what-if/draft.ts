/** A draft while it is written: what is as it is live is left out of what is sent. */
import type { ResultOf, VariablesOf } from "../../../gql/graphql";
import type { Problem } from "../../../lib/action";
import type { Rule, RuleInput } from "../rules/editor";
import { type RoutingValues, routingInput, routingValues } from "../settings/routing-form";
import { type CostsDraft, draftOf, inputOf } from "../supplier/costs-draft";
import type { EarlierDraftQuery, LiveRoutingQuery, StartWhatIf } from "./query";

export type Live = ResultOf<typeof LiveRoutingQuery>;
export type Earlier = NonNullable<ResultOf<typeof EarlierDraftQuery>["whatIfRun"]>;
export type Input = VariablesOf<typeof StartWhatIf>["input"];
type Supplier = Live["suppliers"]["nodes"][number];
export type Agreement = Pick<
  NonNullable<Supplier["connection"]>,
  | "active"
  | "priority"
  | "priceTolerancePct"
  | "handlingDays"
  | "cutoffHour"
  | "dangerousGoods"
  | "checksAge"
  | "costs"
>;
export type Buyable = Supplier & { connection: NonNullable<Supplier["connection"]> };

/** The agreements that would be different, by the supplier's id. */
export type Agreements = Readonly<Record<string, Agreement>>;

export const PERIODS = ["7", "30", "90", "own"] as const;
export interface Period {
  days: (typeof PERIODS)[number];
  from: string;
  to: string;
}

const DAY = 86_400_000;

/** Whole days of the reader's own; what has no beginning is no period. */
export function spanOf({ days, from, to }: Period, now: Date) {
  if (days !== "own")
    return { since: new Date(now.getTime() - Number(days) * DAY).toISOString(), until: null };
  if (!from) return undefined;
  const end = to ? new Date(`${to}T00:00:00`) : undefined;
  end?.setDate(end.getDate() + 1);
  return {
    since: new Date(`${from}T00:00:00`).toISOString(),
    until: end ? end.toISOString() : null,
  };
}

export function buyable({ suppliers }: Live): Buyable[] {
  return suppliers.nodes.filter((supplier): supplier is Buyable => supplier.connection !== null);
}

export function firstAgreements(earlier: Earlier | undefined): Agreements {
  const known = earlier?.draftConnections ?? [];
  return Object.fromEntries(
    known.flatMap(({ supplier, ...agreement }) => (supplier ? [[supplier.id, agreement]] : [])),
  );
}

/** What was read carries more than what is sent. */
export function ruleInput(rule: Rule): RuleInput {
  const { name, when, kind, suppliers, number, enabled, from, until } = rule;
  return { name, when, kind, suppliers, number, enabled, from, until };
}

/** A rule as the list shows it. */
export function asRule({ suppliers, ...input }: RuleInput): Rule {
  const enabled = input.enabled ?? true;
  return {
    id: input.name,
    name: input.name,
    when: input.when ?? null,
    kind: input.kind,
    suppliers: suppliers ?? [],
    number: input.number ?? null,
    enabled,
    from: input.from ?? null,
    until: input.until ?? null,
    state: enabled ? "IN_FORCE" : "OFF",
  };
}

function agreementInput(supplierId: string, agreement: Agreement) {
  const { active, priority, priceTolerancePct, handlingDays, costs } = agreement;
  const { cutoffHour, dangerousGoods, checksAge } = agreement;
  return {
    supplierId,
    active,
    priority,
    priceTolerancePct,
    handlingDays,
    cutoffHour,
    dangerousGoods,
    checksAge,
    costs: costs ? inputOf(draftOf(costs, costs.currency)) : null,
  };
}

/** Costs as a form holds them, or none. */
export function costsOf(known: boolean, draft: CostsDraft): Agreement["costs"] {
  if (!known) return null;
  const { fillRatePct = null, ...costs } = inputOf(draft);
  return {
    ...costs,
    fillRatePct,
    zones: costs.zones.map(({ dutyPct = null, taxPct = null, ...zone }) => ({
      ...zone,
      dutyPct,
      taxPct,
      postcodes: zone.postcodes.map(({ prefix = null, from = null, to = null }) => ({
        prefix,
        from,
        to,
      })),
    })),
  };
}

export interface Draft {
  routing: RoutingValues;
  rules: readonly Rule[];
  agreements: Agreements;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** What the draft has otherwise than the shop. */
export function changesOf(live: Live, { routing, rules, agreements }: Draft) {
  const lives = live.rulebook.rules;
  const kept = routingValues(live.shop.settings.routing);
  return {
    routing: !same(routingInput(routing, kept), routingInput(kept, kept)),
    rules: !same(rules.map(ruleInput), lives.map(ruleInput)),
    connections: Object.keys(agreements).length > 0,
  };
}

/** What is wrong with agreements, by the supplier's id; fields are those of the agreement. */
export type Flaws = Readonly<Record<string, readonly Problem[]>>;

/** Whose problems are at `connections.0` and so on: agreements are sent in their order here. */
export function flawsOf(agreements: Agreements, problems: readonly Problem[]): Flaws {
  const flaws: Record<string, Problem[]> = {};
  for (const { field, ...problem } of problems) {
    const [part, index, ...rest] = field ?? [];
    const id = Object.keys(agreements)[Number(index)];
    if (part === "connections" && id)
      flaws[id] = [...(flaws[id] ?? []), { ...problem, field: rest }];
  }
  return flaws;
}

export function inputFor(live: Live, draft: Draft): Omit<Input, "since" | "until"> {
  const changes = changesOf(live, draft);
  const kept = routingValues(live.shop.settings.routing);
  return {
    ...(changes.routing && { routing: routingInput(draft.routing, kept) }),
    ...(changes.rules && { rules: draft.rules.map(ruleInput) }),
    ...(changes.connections && {
      connections: Object.entries(draft.agreements).map(([id, agreement]) =>
        agreementInput(id, agreement),
      ),
    }),
  };
}
