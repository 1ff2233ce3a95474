/** The language file against the schema and the code: nothing missing, nothing left over. */
import { readFileSync } from "node:fs";
import { buildSchema, isEnumType } from "graphql";
import { describe, expect, it } from "vitest";
import en from "../src/locales/en.json";

const sources = Object.values(
  import.meta.glob<string>(["../src/**/*.{ts,tsx}", "!**/*.test.*"], {
    eager: true,
    query: "?raw",
    import: "default",
  }),
).join("\n");

function flatten(node: unknown, path: string): string[] {
  if (typeof node === "string") return [path];
  return Object.entries(node as object).flatMap(([key, value]) =>
    flatten(value, path ? `${path}.${key}` : key),
  );
}

const keys = flatten(en, "");

describe("the texts", () => {
  const schema = buildSchema(readFileSync("schema.graphql", "utf8"));
  const labelled = {
    OrderStatus: "orderStatus",
    PurchaseOrderStatus: "purchaseOrderStatus",
    ShipmentState: "shipmentState",
    UnitState: "unitState",
    PlanOutcome: "planOutcome",
    ExceptionKind: "exceptionKind",
    ExceptionChoice: "exceptionChoice",
    RejectReason: "rejectReason",
    PortalBucket: "portalBucket",
    KitFulfillment: "kitFulfillment",
    ShopStatus: "shopStatus",
    Connector: "connector",
    DeliveryFate: "deliveryFate",
    MatchDoubt: "matchDoubt",
    RuleKind: "ruleKind",
    RuleState: "ruleState",
    RuleScope: "ruleScopeWhy",
    WhatIfState: "whatIfState",
    WhatIfSubject: "whatIfSubject",
  };

  it.each(Object.entries(labelled))("name every value of %s", (type, prefix) => {
    const found = schema.getType(type);
    const values = isEnumType(found) ? found.getValues().map(({ name }) => name) : [];
    expect(values.length).toBeGreaterThan(0);
    expect(keys).toEqual(expect.arrayContaining(values.map((value) => `${prefix}.${value}`)));
  });

  it("are all used", () => {
    // `t("a.b")` and `t(cond ? "a.b" : "a.c")` quote the key, `t(`a.${value}`)` its start.
    const prefixes = [...sources.matchAll(/`([a-zA-Z.]+\.)\$\{/g)].map(
      ([, prefix]) => prefix ?? "",
    );
    const unused = keys
      .map((key) => key.replace(/_(one|other)$/, ""))
      .filter((key) => !sources.includes(`"${key}"`))
      .filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)));
    expect(unused).toEqual([]);
  });

  it("have both forms of each plural", () => {
    const ones = keys.filter((key) => key.endsWith("_one")).map((key) => key.slice(0, -4));
    const others = keys.filter((key) => key.endsWith("_other")).map((key) => key.slice(0, -6));
    expect(ones).toEqual(others);
  });
});
