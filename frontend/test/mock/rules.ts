/** The mock's rulebook: its rules, versions, and just enough of the language. */
import type { EnumOf } from "../../src/gql/graphql.ts";
import { connection, type PageArgs, type Row } from "./row.ts";
import type { Context } from "./server.ts";
import type { World } from "./world.ts";

type Rule = Row<"Rule">;
type Input = Omit<Rule, "id" | "state">;

export interface Rulebook {
  rules: Rule[];
  versions: Row<"RulebookVersion">[];
}

export function makeRulebook(now: Date): Rulebook {
  const rules = [
    rule({
      name: "Switzerland from Hillside",
      when: 'order.country == "CH" and (order.total > 500 or "vip" in order.tags)',
      kind: "ONLY",
      suppliers: ["hillside"],
    }),
    rule({
      name: "Batteries stay on the ground",
      when: 'line.sku starts_with "BAT-" and not (order.postcode between "10000" and "19999")',
      kind: "NEVER",
      suppliers: ["north", "cargo"],
    }),
    rule({
      name: "Safety buffer",
      when: 'supplier.key == "north"',
      kind: "KEEP_IN_STOCK",
      number: 5,
    }),
    rule({
      name: "Gifts in one parcel",
      when: '"gift" in order.tags',
      kind: "NEVER_SPLIT",
      from: "2031-12-01",
      until: "2031-12-24",
      state: "NOT_YET",
    }),
    rule({ name: "Two parcels at most", kind: "MAX_PARCELS", number: 2, enabled: false }),
  ];
  const at = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
  return {
    rules,
    versions: [
      {
        version: 3,
        what: "“Two parcels at most” was switched off",
        madeAt: at(2),
        madeBy: "Robin Meadow",
        rules,
      },
      {
        version: 2,
        what: "“Two parcels at most” was added",
        madeAt: at(30),
        madeBy: "Robin Meadow",
        rules: rules.map((row) => ({ ...row, enabled: true })),
      },
      {
        version: 1,
        what: "Applied from the setup file",
        madeAt: at(700),
        madeBy: "Setup file",
        rules: rules.slice(0, 2),
      },
    ],
  };
}

function rule(fields: Partial<Rule> & { name: string }): Rule {
  const enabled = fields.enabled ?? true;
  return {
    id: fields.name,
    when: null,
    kind: "EXCLUDE",
    suppliers: [],
    number: null,
    enabled,
    from: null,
    until: null,
    state: enabled ? "IN_FORCE" : "OFF",
    ...fields,
  };
}

type Fact = Row<"Fact">;

function fact(name: string, label: string, type: Fact["type"], values: string[] = []): Fact {
  const about = name.startsWith("order.")
    ? "ORDER"
    : name.startsWith("line.")
      ? "LINE"
      : "CANDIDATE";
  return { name, label, about, type, values };
}

const FACTS = [
  fact("order.country", "Country of delivery", "TEXT"),
  fact("order.postcode", "Postcode of delivery", "TEXT"),
  fact("order.total", "Order value", "NUMBER"),
  fact("order.tags", "Tags of the order", "LIST"),
  fact("order.payment", "Payment", "TEXT", ["PAID", "PARTIALLY_REFUNDED"]),
  fact("line.sku", "SKU of the line", "TEXT"),
  fact("supplier.key", "Supplier, by its key", "TEXT"),
  fact("offer.weight_g", "Weight of one piece (g)", "NUMBER"),
];

const ABOUT = {
  EXCLUDE: "CANDIDATE",
  ONLY: "LINE",
  NEVER: "LINE",
  KEEP_IN_STOCK: "CANDIDATE",
  NEVER_SPLIT: "ORDER",
  SHIP_TOGETHER: "LINE",
  MAX_PARCELS: "ORDER",
} as const satisfies Record<EnumOf<"RuleKind">, EnumOf<"RuleScope">>;

function rulebookOf({ rulebook }: World) {
  const { rules, versions } = rulebook;
  return {
    version: versions[0]?.version ?? 0,
    rules,
    versions: (page: PageArgs) => connection(versions, page),
    facts: FACTS,
    kinds: Object.entries(ABOUT).map(([kind, about]) => ({ kind, about })),
  };
}

/** The only mistake that it knows: a fact that does not exist. */
function mistakeIn(when: string) {
  const unknown = /\b(order|line|supplier|offer)\.\w+/g;
  for (const { 0: name, index } of when.matchAll(unknown)) {
    if (FACTS.some((known) => known.name === name)) continue;
    const before = when.slice(0, index).split("\n");
    const position = {
      offset: Array.from(when.slice(0, index)).length,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
    };
    return { message: `there is no “${name}”`, position };
  }
  return null;
}

export const ruleQueries = {
  rulebook: (_: unknown, { world }: Context) => rulebookOf(world),
  rulebookVersion: ({ version }: { version: number }, { world }: Context) =>
    world.rulebook.versions.find((row) => row.version === version) ?? null,
  conditionMistake: ({ when }: { when: string }) => mistakeIn(when),
};

function change(world: World, seen: number | null | undefined, rules: Rule[], what: string) {
  const { versions } = world.rulebook;
  const version = versions[0]?.version ?? 0;
  if (seen && seen !== version) {
    return refuse("CONFLICT", "the rules were changed meanwhile; look at them again");
  }
  const next = {
    version: version + 1,
    what,
    madeAt: new Date().toISOString(),
    madeBy: "Robin Meadow",
    rules,
  };
  world.rulebook = { rules, versions: [next, ...versions] };
  return { rulebook: rulebookOf(world), problems: [], position: null };
}

function refuse(code: string, message: string, field: string[] | null = null) {
  return { rulebook: null, problems: [{ code, message, field }], position: null };
}

type Seen = { version?: number | null };

export const ruleMutations = {
  saveRule: (
    { id, input, version }: { id?: string | null; input: Input } & Seen,
    { world }: Context,
  ) => {
    const mistake = input.when ? mistakeIn(input.when) : null;
    if (mistake) {
      return { ...refuse("INVALID", mistake.message, ["when"]), position: mistake.position };
    }
    const { rules } = world.rulebook;
    if (rules.some(({ name }) => name === input.name && name !== id)) {
      return refuse("INVALID", `there is a rule “${input.name}” already`, ["name"]);
    }
    const next = rule({ ...input, suppliers: input.suppliers ?? [] });
    return id
      ? change(
          world,
          version,
          rules.map((row) => (row.id === id ? next : row)),
          `“${input.name}” was changed`,
        )
      : change(world, version, [...rules, next], `“${input.name}” was added`);
  },
  deleteRule: ({ id, version }: { id: string } & Seen, { world }: Context) =>
    change(
      world,
      version,
      world.rulebook.rules.filter((row) => row.id !== id),
      `“${id}” was deleted`,
    ),
  switchRule: (
    { id, enabled, version }: { id: string; enabled: boolean } & Seen,
    { world }: Context,
  ) =>
    change(
      world,
      version,
      world.rulebook.rules.map((row) =>
        row.id === id ? rule({ ...row, enabled, state: enabled ? "IN_FORCE" : "OFF" }) : row,
      ),
      `“${id}” was switched ${enabled ? "on" : "off"}`,
    ),
  orderRules: ({ ids, version }: { ids: string[] } & Seen, { world }: Context) =>
    change(
      world,
      version,
      ids.flatMap((id) => world.rulebook.rules.filter((row) => row.id === id)),
      "The order was changed",
    ),
  restoreRules: ({ toVersion, version }: { toVersion: number } & Seen, { world }: Context) => {
    const past = world.rulebook.versions.find((row) => row.version === toVersion);
    return past
      ? change(world, version, past.rules, `Back to version ${toVersion}`)
      : refuse("NOT_FOUND", "this version was not found");
  },
};
