import { expect, it } from "vitest";
import { shopDay } from "./shop-day";

it.each([
  ["America/Los_Angeles", "2026-11-21"],
  ["Europe/Berlin", "2026-11-22"],
  ["Pacific/Auckland", "2026-11-22"],
  ["Nowhere/At_All", "2026-11-22"],
])("tells the day in %s", (zone, day) => {
  expect(shopDay(zone, new Date("2026-11-22T02:00:00Z"))).toBe(day);
});

it("is a day ahead of UTC where it is tomorrow already", () => {
  expect(shopDay("Pacific/Auckland", new Date("2026-11-30T23:30:00Z"))).toBe("2026-12-01");
});
