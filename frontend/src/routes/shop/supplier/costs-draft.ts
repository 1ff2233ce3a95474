/** Costs as the form holds them: lists as text, one thing each. */
import type { ResultOf, VariablesOf } from "../../../gql/graphql";
import type { CostsFields, SaveCosts } from "./costs-query";

type Costs = ResultOf<typeof CostsFields>;
export type CostsInput = NonNullable<VariablesOf<typeof SaveCosts>["input"]>;

export interface ZoneDraft {
  name: string;
  countries: string;
  provinces: string;
  postcodes: string;
  transitDays: number | "";
  dutyPct: string;
  taxPct: string;
  brackets: string;
}

export interface CostsDraft {
  currency: string;
  perOrder: string;
  perParcel: string;
  ownStock: boolean;
  fillRatePct: string;
  zones: ZoneDraft[];
}

export const emptyZone = (): ZoneDraft => ({
  name: "",
  countries: "",
  provinces: "",
  postcodes: "",
  transitDays: 2,
  dutyPct: "",
  taxPct: "",
  brackets: "",
});

export function draftOf(costs: Costs | null | undefined, currency: string): CostsDraft {
  if (!costs)
    return {
      currency,
      perOrder: "",
      perParcel: "",
      ownStock: false,
      fillRatePct: "",
      zones: [emptyZone()],
    };
  return {
    ...costs,
    fillRatePct: costs.fillRatePct ?? "",
    zones: costs.zones.map((zone) => ({
      name: zone.name,
      countries: zone.countries.join(", "),
      provinces: zone.provinces.join(", "),
      postcodes: zone.postcodes.map(({ prefix, from, to }) => prefix ?? `${from}–${to}`).join(", "),
      transitDays: zone.transitDays,
      dutyPct: zone.dutyPct ?? "",
      taxPct: zone.taxPct ?? "",
      brackets: zone.brackets.map(({ upToG, cost }) => `${upToG}: ${cost}`).join("\n"),
    })),
  };
}

const listed = (text: string) =>
  text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter(Boolean);

/** A range has a dash with a space beside it, or a long one: codes have short ones of their own. */
function postcodes(text: string) {
  return listed(text).map((part) => {
    const range = /^(.+?)\s*(?:–|—|\s-\s|\.\.)\s*(.+)$/.exec(part);
    return range
      ? { prefix: null, from: range[1] ?? "", to: range[2] ?? "" }
      : { prefix: part, from: null, to: null };
  });
}

function brackets(text: string) {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const [grams = "", cost = ""] = line.split(/\s*[:=]\s*|\s+/);
      const upToG = Number(grams);
      // What is no number is refused by the server, at this field.
      return { upToG: Number.isSafeInteger(upToG) ? upToG : 0, cost };
    });
}

export function inputOf(draft: CostsDraft): CostsInput {
  return {
    currency: draft.currency.trim().toUpperCase(),
    perOrder: draft.perOrder.trim(),
    perParcel: draft.perParcel.trim(),
    ownStock: draft.ownStock,
    fillRatePct: draft.fillRatePct.trim() || null,
    zones: draft.zones.map((zone) => ({
      name: zone.name.trim(),
      countries: listed(zone.countries).map((code) => code.toUpperCase()),
      provinces: listed(zone.provinces).map((code) => code.toUpperCase()),
      postcodes: postcodes(zone.postcodes),
      transitDays: Number(zone.transitDays),
      dutyPct: zone.dutyPct.trim() || null,
      taxPct: zone.taxPct.trim() || null,
      brackets: brackets(zone.brackets),
    })),
  };
}

export function fieldsOf(draft: CostsDraft): string[] {
  const zone = Object.keys(emptyZone());
  return [
    "currency",
    "perOrder",
    "perParcel",
    "fillRatePct",
    "zones",
    ...draft.zones.flatMap((_, row) => zone.map((key) => `zones.${row}.${key}`)),
  ];
}
