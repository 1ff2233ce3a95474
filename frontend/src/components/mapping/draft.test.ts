import { describe, expect, it } from "vitest";
import { edit, emptyDraft, fromMapping, toInput } from "./draft";
import type { PickedOffer } from "./offer-picker";

const money = (decimal: string, currency = "EUR") =>
  ({ decimal, currency, amountMinor: 0 }) as unknown as PickedOffer["cost"];
const offer = (id: string, cost = money("4.20")) => ({ id, title: id, cost }) as PickedOffer;
const ACCEPTED = { acceptedCost: "4.20", currency: "EUR" };

describe("a mapping while it is edited", () => {
  it("starts with one empty component and is not ready", () => {
    expect(toInput(emptyDraft())).toBeUndefined();
  });

  it("is ready when every component has an offer and a whole quantity", () => {
    let draft = edit(emptyDraft(), { type: "setOffer", index: 0, at: 0, offer: offer("bowl") });
    draft = edit(draft, { type: "addComponent", index: 0 });
    expect(toInput(draft)).toBeUndefined();
    draft = edit(draft, { type: "setOffer", index: 0, at: 1, offer: offer("whisk") });
    draft = edit(draft, { type: "setQuantity", index: 0, at: 1, quantity: 2 });
    expect(toInput(draft)).toEqual([
      {
        components: [
          { offerId: "bowl", quantity: 1, ...ACCEPTED },
          { offerId: "whisk", quantity: 2, ...ACCEPTED },
        ],
      },
    ]);
    expect(toInput(edit(draft, { type: "setQuantity", index: 0, at: 0, quantity: 0 }))).toBe(
      undefined,
    );
  });

  it("changes the order of choice, and not beyond the ends", () => {
    const draft = fromMapping([
      { components: [{ offer: offer("first"), quantity: 1, acceptedCost: money("4.20") }] },
      { components: [{ offer: offer("second"), quantity: 1, acceptedCost: money("4.20") }] },
    ]);
    const ids = (of: typeof draft) => of.map(({ components }) => components[0]?.offer?.id);
    expect(ids(edit(draft, { type: "move", index: 1, by: -1 }))).toEqual(["second", "first"]);
    expect(ids(edit(draft, { type: "move", index: 1, by: 1 }))).toEqual(["first", "second"]);
    expect(ids(edit(draft, { type: "move", index: 0, by: -1 }))).toEqual(["first", "second"]);
  });

  it("puts a suggestion into the first empty place, else adds an alternative", () => {
    const once = edit(emptyDraft(), { type: "suggest", offer: offer("a") });
    const twice = edit(once, { type: "suggest", offer: offer("b") });
    expect(toInput(twice)?.map(({ components }) => components[0]?.offerId)).toEqual(["a", "b"]);
  });

  it("agrees to no price that nobody entered", () => {
    const dearer = offer("mug", money("9.90"));
    const components = [{ offer: dearer, quantity: 1, acceptedCost: money("4.20") }];
    const stood = fromMapping([{ components }]);
    const first = (of: typeof stood) => toInput(of)?.[0]?.components[0];
    expect(first(stood)).toEqual({ offerId: "mug", quantity: 1, ...ACCEPTED });
    const at = { index: 0, at: 0 };
    expect(first(edit(stood, { type: "setOffer", ...at, offer: dearer }))).toEqual(first(stood));
    const agreed = edit(stood, { type: "setAccepted", ...at, accepted: "9.90" });
    expect(first(agreed)).toMatchObject({ acceptedCost: "9.90" });
    const other = edit(stood, { type: "setOffer", ...at, offer: offer("cup", money("5.00")) });
    expect(first(other)).toMatchObject({ offerId: "cup", acceptedCost: "5.00" });
    expect(first(edit(stood, { type: "setAccepted", ...at, accepted: "-1" }))).toBe(undefined);
  });

  it("leaves what was accepted in another currency to whoever names a cost in the new one", () => {
    const moved = offer("mug", money("5.00", "USD"));
    const components = [{ offer: moved, quantity: 1, acceptedCost: money("4.20") }];
    const stood = fromMapping([{ components }]);
    expect(toInput(stood)?.[0]?.components[0]).toEqual({ offerId: "mug", quantity: 1 });
    expect(stood[0]?.components[0]?.stands).toMatchObject({ decimal: "4.20", currency: "EUR" });
  });
});
