import { describe, expect, it } from "vitest";
import { asRule, type Draft, inputFor, type Live, ruleInput, spanOf } from "./draft";

const rule = asRule({ name: "Gifts", kind: "NEVER_SPLIT", when: null, enabled: true });
const routing = {
  strategy: "CHEAPEST",
  promisedDays: null,
  shareDays: 30,
  weights: {},
  shares: [],
  rates: [],
} as unknown as Live["shop"]["settings"]["routing"];
const live = {
  shop: { currency: "EUR", settings: { routing } },
  rulebook: { rules: [{ ...rule, __typename: "Rule" }] },
} as unknown as Live;
const weights = {
  perParcel: "",
  latePerDay: "",
  perUnitDay: "",
  perUnitNotOwn: "",
  perUnitPriority: "",
  perUnfilledPiece: "",
  perLatePiece: "",
};
const same: Draft = {
  routing: {
    strategy: "CHEAPEST",
    promisedDays: "",
    shareDays: 30,
    weights,
    shares: [],
    rates: [],
  },
  rules: [rule],
  agreements: {},
};

describe("what is sent of a draft", () => {
  it("is nothing while it is as it is live", () => {
    expect(inputFor(live, same)).toEqual({});
  });

  it("is each part that differs, as a whole", () => {
    const other = asRule({ ...ruleInput(rule), name: "Other" });
    const changed = {
      ...same,
      rules: [rule, other],
      routing: { ...same.routing, strategy: "FASTEST" as const },
    };
    expect(inputFor(live, changed)).toMatchObject({
      routing: { strategy: "FASTEST", weights: { perParcel: null } },
      rules: [{ name: "Gifts" }, { name: "Other" }],
    });
    expect(JSON.stringify(inputFor(live, changed))).not.toContain("__typename");
  });

  it("is nothing of what the strategy does not show", () => {
    const hidden = { ...same.routing, shares: [{ supplier: "", percent: "" }] };
    expect(inputFor(live, { ...same, routing: hidden })).toEqual({});
  });
});

describe("the time that is compared", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  it("ends now, or with the last day", () => {
    expect(spanOf({ days: "7", from: "", to: "" }, now)).toEqual({
      since: "2026-11-15T12:00:00.000Z",
      until: null,
    });
    const own = spanOf({ days: "own", from: "2026-10-01", to: "2026-10-31" }, now);
    expect(own).toEqual({
      since: new Date("2026-10-01T00:00:00").toISOString(),
      until: new Date("2026-11-01T00:00:00").toISOString(),
    });
    expect(spanOf({ days: "own", from: "", to: "2026-10-31" }, now)).toBeUndefined();
  });
});
