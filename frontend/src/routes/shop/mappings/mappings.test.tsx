import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../../test/render";

const table = () => screen.findByRole("table", { name: "Mappings" });

describe("mappings", () => {
  it("shows variants without one first", async () => {
    renderApp("/mappings", { session: "staff" });
    const states = within(await table()).getAllByText(/^(Mapped|Unmapped)$/);
    expect(states.slice(0, 4).map(({ textContent }) => textContent)).toEqual([
      "Unmapped",
      "Unmapped",
      "Unmapped",
      "Mapped",
    ]);
  });

  it("makes a kit with a second choice", async () => {
    const { user, asked, server } = renderApp("/mappings", { session: "staff" });
    await user.click(await screen.findByRole("button", { name: "Map Fig leaf candle, 180 g" }));
    const dialog = await screen.findByRole("dialog");
    const pick = async (at: number, text: string, option: RegExp) => {
      const field = within(dialog).getAllByRole("combobox", { name: /Offer/ })[at];
      await user.type(field as HTMLElement, text);
      await user.click(await screen.findByRole("option", { name: option }));
    };
    await pick(0, "bowl", /Ramen bowl/);
    await user.click(within(dialog).getByRole("button", { name: /Add a component/ }));
    await pick(1, "whisk", /matcha whisk/);
    const quantity = within(dialog).getByRole("textbox", { name: "Component 2: Per unit" });
    expect(within(dialog).getByRole("combobox", { name: "Component 1: Offer" })).toBeVisible();
    await user.clear(quantity);
    await user.type(quantity, "3");
    await user.click(within(dialog).getByRole("button", { name: "Add an alternative" }));
    await pick(2, "mug", /Stoneware mug/);
    await user.click(within(dialog).getByRole("button", { name: "Move alternative 2 up" }));
    await user.click(within(dialog).getByRole("button", { name: "Save" }));

    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    const id = (sku: string) => server.world.offers.find((offer) => offer.sku === sku)?.id;
    expect(asked("SaveMapping")[0]?.variables).toMatchObject({
      alternatives: [
        { components: [{ offerId: id("HP-MUG-01"), quantity: 1 }] },
        {
          components: [
            { offerId: id("HP-BOWL-02"), quantity: 1 },
            { offerId: id("CK-4471"), quantity: 3 },
          ],
        },
      ],
    });
    expect(
      await screen.findByRole("button", { name: "Change the mapping of Fig leaf candle, 180 g" }),
    ).toHaveFocus();
  });

  it("says how many pieces one unit may be made of", async () => {
    const { user, asked } = renderApp("/mappings?q=tee", { session: "staff" });
    await user.click(await screen.findByRole("button", { name: /^Change the mapping of Meadow/ }));
    const dialog = await screen.findByRole("dialog");
    const quantity = within(dialog).getByLabelText("Per unit");
    const write = async (text: string) => {
      await user.clear(quantity);
      await user.type(quantity, `${text}{Enter}`);
    };
    for (const text of ["1001", "0"]) {
      await write(text);
      expect(quantity).toHaveAccessibleDescription("From 1 to 1,000.");
    }
    expect(asked("SaveMapping")).toEqual([]);
    await write("1000");
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    expect(asked("SaveMapping")[0]?.variables).toMatchObject({
      alternatives: [{ components: [{ quantity: 1000 }] }],
    });
  });

  it("shows what the server refuses at its place, until that is changed", async () => {
    const { user, server } = renderApp("/mappings?q=mug-0001", { session: "staff" });
    await user.click(
      await screen.findByRole("button", { name: /^Change the mapping of Everyday/ }),
    );
    const dialog = await screen.findByRole("dialog");
    const offers = () => within(dialog).getAllByRole("combobox", { name: "Offer" });
    server.world.offers = server.world.offers.filter(({ sku }) => sku !== "NT-MUG");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(offers()[1]).toHaveAccessibleDescription("There is no such offer."));
    expect(offers()[0]).not.toHaveAccessibleDescription();
    await user.click(within(dialog).getByRole("button", { name: "Remove alternative 2" }));
    expect(offers()[0]).not.toHaveAccessibleDescription();
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
  });

  it("shows what a trial refuses at its place", async () => {
    const { user, server } = renderApp("/mappings?q=mug-0001", { session: "staff" });
    await user.click(
      await screen.findByRole("button", { name: /^Change the mapping of Everyday/ }),
    );
    const dialog = await screen.findByRole("dialog");
    const offers = () => within(dialog).getAllByRole("combobox", { name: "Offer" });
    const tryIt = await within(dialog).findByRole("button", { name: "Try" });
    await user.click(tryIt);
    await waitFor(() => expect(tryIt).toBeEnabled());
    expect(offers()[1]).not.toHaveAccessibleDescription();
    server.world.offers = server.world.offers.filter(({ sku }) => sku !== "NT-MUG");
    await user.click(tryIt);
    await waitFor(() => expect(offers()[1]).toHaveAccessibleDescription("There is no such offer."));
    expect(offers()[0]).not.toHaveAccessibleDescription();
    expect(
      within(dialog).getByText("There is no such offer.", { selector: "[role=status] *" }),
    ).toBeVisible();
  });

  it("says where none of the newest orders has the variant to try it on", async () => {
    const { user } = renderApp("/mappings", { session: "staff" });
    await user.click(await screen.findByRole("button", { name: "Map Fig leaf candle, 180 g" }));
    const dialog = await screen.findByRole("dialog");
    expect(
      await within(dialog).findByText(/^None of the newest 50 orders has this variant/),
    ).toBeVisible();
    expect(within(dialog).queryByRole("button", { name: "Try" })).toBeNull();
  });

  it("keeps the cost that was accepted, and says what the offer costs now", async () => {
    const { user, asked } = renderApp("/mappings?q=kettle", { session: "staff" });
    await user.click(await screen.findByRole("button", { name: /^Change the mapping of/ }));
    const dialog = await screen.findByRole("dialog");
    const accepted = within(dialog).getByRole("textbox", { name: "Accepted (USD)" });
    expect(accepted).toHaveValue("26.50");
    expect(accepted).toHaveAccessibleDescription("Costs $29.90 now.");
    await user.type(within(dialog).getByLabelText("Until"), "2999-12-31");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    const kept = { acceptedCost: "26.50", currency: "USD" };
    expect(asked("SaveMapping")[0]?.variables).toMatchObject({
      alternatives: [{ components: [kept], validUntil: "2999-12-31" }],
    });
  });

  it("removes one only after saying what follows", async () => {
    const { user, server } = renderApp("/mappings?q=tee", { session: "staff" });
    await user.click(await screen.findByRole("button", { name: /Remove the mapping of Meadow/ }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("What is ordered already goes on");
    await user.click(within(dialog).getByRole("button", { name: "Remove" }));
    expect(await screen.findByText("Unmapped", { selector: "td *" })).toBeVisible();
    expect(server.world.variants.find(({ sku }) => sku === "TEE-M")?.mapping).toBeNull();
  });

  it("is content when every variant has one", async () => {
    renderApp("/mappings?show=unmapped", {
      session: "staff",
      arrange: ({ world }) => {
        world.variants = world.variants.filter(({ mapping }) => mapping);
      },
    });
    expect(await screen.findByText("Every variant is mapped")).toBeVisible();
  });
});
