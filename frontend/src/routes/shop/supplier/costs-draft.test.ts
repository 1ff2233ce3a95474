import { expect, it } from "vitest";
import { draftOf, emptyZone, inputOf } from "./costs-draft";

it("reads what it writes", () => {
  const costs = {
    currency: "EUR",
    perOrder: "1.50",
    perParcel: "0.40",
    ownStock: true,
    fillRatePct: "98.5",
    zones: [
      {
        name: "Islands",
        countries: ["DE", "AT"],
        provinces: ["BY"],
        postcodes: [
          { prefix: "18565", from: null, to: null },
          { prefix: null, from: "25840", to: "25999" },
        ],
        transitDays: 5,
        dutyPct: null,
        taxPct: "8.1",
        brackets: [
          { upToG: 2000, cost: "9.90" },
          { upToG: 31500, cost: "14.90" },
        ],
      },
    ],
  };
  expect(inputOf(draftOf(costs, "EUR"))).toEqual(costs);
});

it("tells a range from a code with a hyphen", () => {
  const zone = { ...emptyZone(), postcodes: "NO-01, 98000 - 98999, SW1..SW9", brackets: "500 4,2" };
  const read = inputOf({ ...draftOf(null, "EUR"), zones: [zone] }).zones[0];
  expect(read?.postcodes).toEqual([
    { prefix: "NO-01", from: null, to: null },
    { prefix: null, from: "98000", to: "98999" },
    { prefix: null, from: "SW1", to: "SW9" },
  ]);
  expect(read?.brackets).toEqual([{ upToG: 500, cost: "4,2" }]);
});
