import { describe, expect, it } from "vitest";
import { formatChange, formatDifference, formatMoney, formatRelative } from "./format";

const money = (decimal: string, currency: string) =>
  formatMoney({ amountMinor: 0, currency, decimal } as never);

describe("formatMoney", () => {
  it.each([
    ["12.50", "EUR", "€12.50"],
    ["1200", "JPY", "¥1,200"],
    ["1.234", "KWD", "KWD\u00a01.234"],
    ["-3.05", "USD", "-$3.05"],
    // Beyond what a float can hold.
    ["90071992547409931.07", "EUR", "€90,071,992,547,409,931.07"],
  ])("writes %s %s as %s", (decimal, currency, expected) => {
    expect(money(decimal, currency)).toBe(expected);
  });
});

describe("formatDifference", () => {
  it.each([
    [5500, 5400, "54.00", "EUR", "-€1.00"],
    [100, 105, "1.05", "EUR", "+€0.05"],
    [3, 3, "0.03", "EUR", "€0.00"],
    [1000, 2500, "2500", "JPY", "+¥1,500"],
    [1234, 2, "0.002", "KWD", "-KWD\u00a01.232"],
  ])("from %s to %s, now %s %s, is %s", (before, after, decimal, currency, expected) => {
    const side = (amountMinor: number) => ({ amountMinor, currency, decimal }) as never;
    expect(formatDifference(side(before), side(after))).toBe(expected);
  });

  it("signs plain numbers alike", () => {
    expect([formatChange(3, 0), formatChange(-0.26, 1), formatChange(0, 1)]).toEqual([
      "+3",
      "-0.3",
      "0",
    ]);
  });
});

describe("formatRelative", () => {
  const now = new Date("2026-11-21T12:00:00");
  it.each([
    ["2026-11-21T11:59:40", "now"],
    ["2026-11-21T11:57:10", "2 minutes ago"],
    ["2026-11-21T14:30:00", "in 2 hours"],
    ["2026-11-20T09:00:00", "yesterday"],
    // Fewer than 48 hours, but two pages of the calendar.
    ["2026-11-19T23:00:00", "2 days ago"],
    ["2026-11-23T11:00:00", "in 2 days"],
    ["2026-08-01T12:00:00", "3 months ago"],
  ])("%s is %s", (at, expected) => {
    expect(formatRelative(new Date(at), now)).toBe(expected);
  });
});
