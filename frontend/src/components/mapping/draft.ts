/** A mapping while it is edited: pure, and never half-saved. */
import { amountOf } from "../../lib/format";
import type { AlternativesInput } from "./mapping-editor";
import type { PickedOffer } from "./offer-picker";

interface DraftComponent {
  key: number;
  offer: PickedOffer | null;
  quantity: number;
  /** What the shop agrees to pay for a piece, a decimal in the offer's currency; empty leaves what stands. */
  accepted: string;
  /** What stands, where that is of another currency than the offer by now. */
  stands: PickedOffer["cost"] | null;
}
interface DraftAlternative {
  key: number;
  components: DraftComponent[];
  /** Days such as 2026-12-01; empty is open. */
  validFrom: string;
  validUntil: string;
}
export type Draft = DraftAlternative[];

type Edit =
  | { type: "addAlternative" }
  | { type: "removeAlternative"; index: number }
  | { type: "move"; index: number; by: 1 | -1 }
  | { type: "addComponent"; index: number }
  | { type: "removeComponent"; index: number; at: number }
  | { type: "setOffer"; index: number; at: number; offer: PickedOffer | null }
  | { type: "setQuantity"; index: number; at: number; quantity: number }
  | { type: "setAccepted"; index: number; at: number; accepted: string }
  | { type: "setDays"; index: number; days: { validFrom?: string; validUntil?: string } }
  | { type: "suggest"; offer: PickedOffer };

let keys = 0;
function nextKey(): number {
  keys += 1;
  return keys;
}

/** An offer that is newly chosen is agreed to at what it costs now, for all to see. */
function component(offer: PickedOffer | null = null, quantity = 1): DraftComponent {
  return { key: nextKey(), offer, quantity, accepted: costNow(offer), stands: null };
}

function costNow(offer: PickedOffer | null): string {
  return offer ? amountOf(offer.cost).decimal : "";
}

/** A decimal without a sign, or nothing. */
export function isCost(text: string): boolean {
  return /^(\d{1,12}([.]\d{1,4})?)?$/.test(text);
}

const ALWAYS = { validFrom: "", validUntil: "" };

export function emptyDraft(): Draft {
  return [{ key: nextKey(), components: [component()], ...ALWAYS }];
}

/** Of one offer in one unit; the server takes no more. */
export const MOST_PIECES = 1000;

export function isUpsideDown({ validFrom, validUntil }: Draft[number]): boolean {
  return validFrom !== "" && validUntil !== "" && validUntil < validFrom;
}

export function fromMapping(
  alternatives: readonly {
    components: readonly {
      offer: PickedOffer;
      quantity: number;
      acceptedCost: PickedOffer["cost"];
    }[];
    validFrom?: string | null;
    validUntil?: string | null;
  }[],
): Draft {
  if (alternatives.length === 0) return emptyDraft();
  return alternatives.map(({ components, validFrom, validUntil }) => ({
    key: nextKey(),
    validFrom: validFrom ?? "",
    validUntil: validUntil ?? "",
    components: components.map(({ offer, quantity, acceptedCost }) => {
      const { decimal, currency } = amountOf(acceptedCost);
      const isSame = currency === amountOf(offer.cost).currency;
      const accepted = isSame ? decimal : "";
      return { ...component(offer, quantity), accepted, stands: isSame ? null : acceptedCost };
    }),
  }));
}

/** What the API takes, or undefined while something is missing. */
export function toInput(draft: Draft): AlternativesInput | undefined {
  const alternatives = draft.map(({ components, validFrom, validUntil }) => ({
    ...(validFrom && { validFrom }),
    ...(validUntil && { validUntil }),
    components: components.flatMap(({ offer, quantity, accepted }) => {
      if (!offer || !Number.isInteger(quantity) || quantity < 1 || !isCost(accepted)) return [];
      const { currency } = amountOf(offer.cost);
      return [
        { offerId: offer.id, quantity, ...(accepted && { acceptedCost: accepted, currency }) },
      ];
    }),
  }));
  const complete = draft.every(
    (alternative, index) =>
      alternatives[index]?.components.length === alternative.components.length &&
      alternative.components.every(({ quantity }) => quantity <= MOST_PIECES) &&
      !isUpsideDown(alternative),
  );
  return complete && draft.length > 0 ? alternatives : undefined;
}

export function edit(draft: Draft, event: Edit): Draft {
  switch (event.type) {
    case "addAlternative":
      return [...draft, { key: nextKey(), components: [component()], ...ALWAYS }];
    case "removeAlternative":
      return draft.filter((_, index) => index !== event.index);
    case "move":
      return moved(draft, event.index, event.index + event.by);
    case "addComponent":
      return within(draft, event.index, (components) => [...components, component()]);
    case "removeComponent":
      return within(draft, event.index, (components) =>
        components.filter((_, at) => at !== event.at),
      );
    case "setOffer":
      return within(draft, event.index, (components) =>
        components.map((old, at) => {
          // Who picks the same offer again has not agreed to another price.
          if (at !== event.at || (old.offer && old.offer.id === event.offer?.id)) return old;
          return { ...component(event.offer, old.quantity), key: old.key };
        }),
      );
    case "setAccepted":
      return within(draft, event.index, (components) =>
        components.map((old, at) => (at === event.at ? { ...old, accepted: event.accepted } : old)),
      );
    case "setQuantity":
      return within(draft, event.index, (components) =>
        components.map((old, at) => (at === event.at ? { ...old, quantity: event.quantity } : old)),
      );
    case "setDays":
      return draft.map((alternative, at) =>
        at === event.index ? { ...alternative, ...event.days } : alternative,
      );
    case "suggest":
      return suggested(draft, event.offer);
  }
}

/** A suggestion fills the first empty place, or becomes one more alternative. */
function suggested(draft: Draft, offer: PickedOffer): Draft {
  const index = draft.findIndex(({ components }) => components.some((old) => !old.offer));
  if (index === -1)
    return [...draft, { key: nextKey(), components: [component(offer)], ...ALWAYS }];
  const at = draft[index]?.components.findIndex((old) => !old.offer) ?? 0;
  return edit(draft, { type: "setOffer", index, at, offer });
}

function moved(draft: Draft, from: number, to: number): Draft {
  const next = [...draft];
  const [taken] = next.splice(from, 1);
  if (!taken || to < 0 || to > next.length) return draft;
  next.splice(to, 0, taken);
  return next;
}

function within(
  draft: Draft,
  index: number,
  change: (components: DraftComponent[]) => DraftComponent[],
): Draft {
  return draft.map((alternative, at) =>
    at === index ? { ...alternative, components: change(alternative.components) } : alternative,
  );
}
