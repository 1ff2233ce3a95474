import { describe, expect, it } from "vitest";
import { type Facts, type Group, isComplete, isGroup, parse, print, split } from "./expression";

const facts: Facts = new Map([
  ["order.country", "TEXT"],
  ["order.postcode", "TEXT"],
  ["order.total", "NUMBER"],
  ["order.tags", "LIST"],
  ["offer.dangerous", "FLAG"],
  ["supplier.key", "TEXT"],
]);

/** Without the keys, which differ each time. */
function bare(group: Group): unknown {
  const { join, parts } = group;
  return {
    join,
    parts: parts.map((part) => {
      if (isGroup(part)) return bare(part);
      const { key: _, ...test } = part;
      return test;
    }),
  };
}

describe("a condition", () => {
  it.each([
    'order.country == "DE"',
    'order.country != "DE" and order.total > 500',
    'order.total between -5 and 49.99 or order.country in ["CH", "NO"]',
    'not (order.country in ["CH"]) and not (order.postcode between "10115" and "14199")',
    '"gift" in order.tags and not ("vip" in order.tags)',
    'supplier.key starts_with "n" and not (supplier.key starts_with "no")',
    "offer.dangerous and not offer.dangerous",
    'order.country == "DE" and (order.total > 1 or order.total < 0.5 or (order.total >= 3 and order.total <= 4))',
    "order.country == 'the \"one\"'",
  ])("survives the builder: %s", (text) => {
    const group = parse(text, facts);
    expect(group && print(group, facts)).toBe(text);
  });

  it.each([
    [
      "order.total>1&&order.total<2||offer.dangerous",
      "(order.total > 1 and order.total < 2) or offer.dangerous",
    ],
    ["!(order.country == 'DE')", 'order.country != "DE"'],
    ["not (not offer.dangerous)", null],
    ["((order.total > 1))", "order.total > 1"],
    [
      "order.country == 'DE' and order.total > 1 or order.total > 2\n",
      '(order.country == "DE" and order.total > 1) or order.total > 2',
    ],
  ])("is put in order: %s", (text, expected) => {
    const group = parse(text, facts);
    expect(group && print(group, facts)).toBe(expected);
    if (group) expect(bare(parse(print(group, facts), facts) as Group)).toEqual(bare(group));
  });

  it.each([
    "order.county == 'DE'",
    "order.country == supplier.key",
    "not (order.total > 1 and order.total < 5)",
    "order.total > ",
    "order.country > 'DE'",
    "order.total # 1",
    "order.country in order.tags",
    "(order.total > 1",
  ])("stays text where the builder cannot show it: %s", (text) => {
    expect(parse(text, facts)).toBeNull();
  });

  it("is nothing where it is empty", () => {
    expect(bare(parse("  ", facts) as Group)).toEqual({ join: "and", parts: [] });
  });

  it("is incomplete while a value is missing", () => {
    const group = parse('order.total between 1 and 2 and (order.country == "DE")', facts) as Group;
    expect(isComplete(group)).toBe(true);
    const [range] = group.parts;
    if (range && !isGroup(range)) range.values = ["1", " "];
    expect(isComplete(group)).toBe(false);
  });

  it("marks the word that is wrong, whatever letters stand before it", () => {
    expect(split("a == '😀' and order.county == 1", 13)).toEqual([
      "a == '😀' and ",
      "order.county",
      " == 1",
    ]);
    expect(split("order.total >", 13)).toEqual(["order.total >", "", ""]);
  });
});
