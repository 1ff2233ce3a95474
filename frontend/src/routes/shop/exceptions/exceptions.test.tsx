import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../../test/render";

const card = (name: RegExp) => screen.findByRole("article", { name });

describe("what needs attention", () => {
  it("maps an unmapped line in place, and the card goes", async () => {
    const { user, asked, server } = renderApp("/exceptions", { session: "staff" });
    const unmapped = await card(/No mapping, #1045/);
    await user.click(within(unmapped).getByRole("button", { name: "Map it here" }));

    const dialog = await screen.findByRole("dialog", { name: "Map Market tote, Natural" });
    await user.click(within(dialog).getByRole("button", { name: "Save and route" }));
    expect(await within(dialog).findByText("Choose an offer.")).toBeVisible();

    await user.click(await within(dialog).findByRole("button", { name: /Canvas tote/ }));
    await user.click(within(dialog).getByRole("button", { name: "Save and route" }));
    await waitFor(() => expect(unmapped).not.toBeInTheDocument());

    const tote = server.world.offers.find(({ sku }) => sku === "NT-TOTE");
    expect(asked("ResolveByMapping")[0]?.variables).toMatchObject({
      alternatives: [{ components: [{ offerId: tote?.id, quantity: 1 }] }],
    });
    expect(screen.getByRole("heading", { level: 1 })).toHaveFocus();
  });

  it("tries a mapping on the exception's own order, however old", async () => {
    const { user, asked, server } = renderApp("/exceptions", {
      session: "staff",
      arrange: ({ world }) => {
        world.orders = world.orders.filter(({ name }) => name !== "#1045");
      },
    });
    const unmapped = await card(/No mapping, #1045/);
    await user.click(within(unmapped).getByRole("button", { name: "Map it here" }));
    const dialog = await screen.findByRole("dialog", { name: "Map Market tote, Natural" });
    const order = within(dialog).getByRole("combobox", { name: "Try it on an order" });
    expect(order).toHaveValue("#1045");
    await user.click(await within(dialog).findByRole("button", { name: /Canvas tote/ }));
    await user.click(within(dialog).getByRole("button", { name: "Try" }));
    await waitFor(() => expect(asked("TryMapping")).toHaveLength(1));
    const exception = server.world.exceptions.find(({ kind }) => kind === "UNMAPPED_LINE");
    expect(asked("TryMapping")[0]?.variables).toMatchObject({ orderId: exception?.order?.id });
    expect(asked("ResolveByMapping")).toEqual([]);
  });

  it("tries again without a question", async () => {
    const { user } = renderApp("/exceptions", { session: "staff" });
    const rejected = await card(/Supplier rejected/);
    await user.click(within(rejected).getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(rejected).not.toBeInTheDocument());
  });

  it("accepts a price only after showing both", async () => {
    const { user, asked } = renderApp("/exceptions", { session: "staff" });
    const rose = await card(/Price rose/);
    await user.click(within(rose).getByRole("button", { name: "Accept $29.90" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("$29.90 per unit from now on, instead of $26.50");
    expect(asked("AcceptPrice")).toHaveLength(0);
    await user.click(within(dialog).getByRole("button", { name: "Accept price" }));
    await waitFor(() => expect(asked("AcceptPrice")).toHaveLength(1));
  });

  it("settles an unknown outcome with the supplier's own reference", async () => {
    const { user, asked } = renderApp("/exceptions", { session: "staff" });
    const unknown = await card(/Outcome unknown/);
    await user.click(within(unknown).getByRole("button", { name: "They have it" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/Their reference/), "NT-77");
    await user.click(within(dialog).getByRole("button", { name: "They have it" }));
    await waitFor(() => expect(unknown).not.toBeInTheDocument());
    expect(asked("SettleUnknown")[0]?.variables).toMatchObject({
      placed: true,
      supplierReference: "NT-77",
    });
  });

  it("asks Shopify which fulfillment it may be, and takes the one that is chosen", async () => {
    const { user, asked } = renderApp("/exceptions", { session: "staff" });
    const unclear = await card(/Fulfillment unclear/);
    expect(asked("FulfillmentsInQuestion")).toHaveLength(0);
    await user.click(within(unclear).getByRole("button", { name: "It is this one…" }));
    const dialog = await screen.findByRole("dialog", { name: "Which fulfillment is it?" });
    const second = await within(dialog).findByRole("radio", { name: /#1048-F2/ });
    await user.click(within(dialog).getByRole("button", { name: "It is this one" }));
    expect(await within(dialog).findByText("Choose one of them.")).toBeVisible();
    expect(asked("SettleFulfillment")).toHaveLength(0);
    await user.click(second);
    await user.click(within(dialog).getByRole("button", { name: "It is this one" }));
    await waitFor(() => expect(unclear).not.toBeInTheDocument());
    expect(asked("SettleFulfillment")[0]?.variables).toMatchObject({ fulfillmentId: "619002" });
  });

  it("has a parcel sent again only after saying what that risks", async () => {
    const { user, asked } = renderApp("/exceptions", { session: "staff" });
    const unclear = await card(/Fulfillment unclear/);
    await user.click(within(unclear).getByRole("button", { name: "Shopify did not make it" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("the customer is told of it twice");
    expect(asked("SettleFulfillment")).toHaveLength(0);
    await user.click(within(dialog).getByRole("button", { name: "Shopify did not make it" }));
    await waitFor(() => expect(unclear).not.toBeInTheDocument());
    expect(asked("SettleFulfillment")[0]?.variables).toMatchObject({ fulfillmentId: null });
  });

  it("takes another alternative of the mapping", async () => {
    const { user, asked, server } = renderApp("/exceptions", { session: "staff" });
    const rejected = await card(/Supplier rejected/);
    await user.click(within(rejected).getByRole("button", { name: "Choose supplier" }));
    const dialog = await screen.findByRole("dialog", { name: "Choose an alternative" });
    await user.click(within(dialog).getByRole("button", { name: "Choose supplier" }));
    expect(await within(dialog).findByText("Choose one of them.")).toBeVisible();
    await user.click(within(dialog).getByRole("radio", { name: "1 × Mug, white, 300 ml" }));
    await user.click(within(dialog).getByRole("button", { name: "Choose supplier" }));
    await waitFor(() => expect(rejected).not.toBeInTheDocument());
    const mug = server.world.offers.find(({ sku }) => sku === "NT-MUG");
    expect(asked("ChooseSupplier")[0]?.variables).toMatchObject({ offerId: mug?.id });
  });

  it("offers no mapping for a line whose product is gone", async () => {
    renderApp("/exceptions", {
      session: "staff",
      arrange: ({ world }) => {
        for (const { orderLine } of world.exceptions) if (orderLine) orderLine.variant = null;
      },
    });
    const unmapped = await card(/No mapping/);
    expect(within(unmapped).getByRole("button", { name: "Mark handled" })).toBeVisible();
    expect(within(unmapped).queryByRole("button", { name: "Map it here" })).toBeNull();
  });

  it("marks as handled with a note, never without", async () => {
    const { user, asked } = renderApp("/exceptions", { session: "staff" });
    const byHand = await card(/Fulfilled by hand/);
    await user.click(within(byHand).getByRole("button", { name: "Mark handled" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Mark handled" }));
    expect(await within(dialog).findByText(/Write a few words/)).toBeVisible();
    expect(asked("MarkHandled")).toHaveLength(0);
    await user.type(within(dialog).getByLabelText(/What was done/), "Called them");
    await user.click(within(dialog).getByRole("button", { name: "Mark handled" }));
    await waitFor(() => expect(byHand).not.toBeInTheDocument());
  });

  it("keeps the dialog and what was typed when the server fails", async () => {
    const app = renderApp("/exceptions", { session: "staff" });
    const byHand = await card(/Fulfilled by hand/);
    await app.user.click(within(byHand).getByRole("button", { name: "Mark handled" }));
    const dialog = await screen.findByRole("dialog");
    await app.user.type(within(dialog).getByLabelText(/What was done/), "Called them");
    app.fail("MarkHandled", "offline");
    await app.user.click(within(dialog).getByRole("button", { name: "Mark handled" }));
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("cannot be reached");
    expect(within(dialog).getByLabelText(/What was done/)).toHaveValue("Called them");
    app.fail("MarkHandled", undefined);
    await app.user.click(within(dialog).getByRole("button", { name: "Mark handled" }));
    await waitFor(() => expect(byHand).not.toBeInTheDocument());
  });

  it("says when somebody else was faster", async () => {
    const { user, server } = renderApp("/exceptions", { session: "staff" });
    const rejected = await card(/Supplier rejected/);
    for (const row of server.world.exceptions) row.status = "RESOLVED";
    await user.click(within(rejected).getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Somebody settled this already.")).toBeVisible();
  });

  it("filters by kind through the address", async () => {
    renderApp("/exceptions?kind=PRICE_ROSE", { session: "staff" });
    await card(/Price rose/);
    expect(screen.getAllByRole("article")).toHaveLength(1);
  });

  it("is content when there is nothing to do", async () => {
    renderApp("/exceptions", {
      session: "staff",
      arrange: ({ world }) => {
        world.exceptions.length = 0;
      },
    });
    expect(await screen.findByText("Nothing needs you")).toBeVisible();
  });
});
