import { describe, expect, it } from "vitest";
import { edit, emptyDraft, fromMapping, toInput } from "./draft";
import type { PickedOffer } from "./offer-picker";

const offer = (id: string) => ({ id, title: id }) as PickedOffer;

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
          { offerId: "bowl", quantity: 1 },
          { offerId: "whisk", quantity: 2 },
        ],
      },
    ]);
    expect(toInput(edit(draft, { type: "setQuantity", index: 0, at: 0, quantity: 0 }))).toBe(
      undefined,
    );
  });

  it("changes the order of choice, and not beyond the ends", () => {
    const draft = fromMapping([
      { components: [{ offer: offer("first"), quantity: 1 }] },
      { components: [{ offer: offer("second"), quantity: 1 }] },
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
});
