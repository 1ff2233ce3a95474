import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../../test/render";

function renderSupplier(key: string) {
  let id = "";
  const app = renderApp("/suppliers", {
    session: "staff",
    arrange: ({ world }) => {
      id = world.suppliers.find((supplier) => supplier.key === key)?.id ?? "";
    },
  });
  app.go(`/suppliers/${id}`);
  return app;
}

const section = (name: string) => screen.findByRole("region", { name });

describe("a supplier", () => {
  it("says whether its system can be asked about orders", async () => {
    renderSupplier("cargo");
    expect(
      await screen.findByText("No: its system answers 404 to questions about purchase orders"),
    ).toBeVisible();
  });

  it("saves the connection, and only what changed can be saved", async () => {
    const { user, asked } = renderSupplier("north");
    const connection = await section("Connection");
    const save = within(connection).getByRole("button", { name: "Save" });
    expect(save).toBeDisabled();
    await user.clear(within(connection).getByLabelText("Priority"));
    await user.type(within(connection).getByLabelText("Priority"), "7");
    await user.click(save);
    await waitFor(() => expect(save).toBeDisabled());
    expect(asked("ConnectSupplier")[0]?.variables).toMatchObject({
      input: {
        active: true,
        priority: 7,
        priceTolerancePct: "2",
        handlingDays: 1,
        cutoffHour: null,
        dangerousGoods: true,
        checksAge: false,
      },
    });
  });

  it("saves what it charges, and shows a problem at its field", async () => {
    const { user, server } = renderSupplier("north");
    const costs = await section("Costs besides the goods");
    const perOrder = within(costs).getByLabelText("Each order");
    await user.clear(perOrder);
    await user.type(perOrder, "-1");
    const save = within(costs).getByRole("button", { name: "Save" });
    await user.click(save);
    await waitFor(() => expect(perOrder).toBeInvalid());
    await user.clear(perOrder);
    await user.type(perOrder, "2.10");
    await user.click(save);
    const north = () => server.world.suppliers.find(({ key }) => key === "north")?.connection;
    await waitFor(() => expect(north()?.costs?.perOrder).toBe("2.10"));
    expect(north()?.costs?.zones[0]?.postcodes).toEqual([
      { prefix: "18565", from: null, to: null },
      { prefix: null, from: "25840", to: "25999" },
    ]);
  });

  it("shows a new API key once, after saying what it opens", async () => {
    const { user, asked } = renderSupplier("north");
    const access = await section("Access");
    await user.click(within(access).getByRole("button", { name: "Create an API key" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("Whoever has the key");
    expect(asked("CreateSupplierKey")).toHaveLength(0);
    await user.click(within(dialog).getByRole("button", { name: "Create an API key" }));
    expect(await within(access).findByText(/^oysk_/)).toBeVisible();
    expect(access).toHaveTextContent("Shown only now");
  });

  it("makes an invitation link to send on", async () => {
    const { user } = renderSupplier("hillside");
    const access = await section("Access");
    await user.click(within(access).getByRole("button", { name: "Make an invitation" }));
    expect(await within(access).findByText("Enter their e-mail address.")).toBeVisible();
    await user.type(within(access).getByLabelText(/Invite a person/), "sam@hillside.example");
    await user.click(within(access).getByRole("button", { name: "Make an invitation" }));
    expect(await within(access).findByText(/\/invitation\//)).toBeVisible();
    expect(access).toHaveTextContent("Invitation for sam@hillside.example");
  });

  it("changes an offer without touching its cents", async () => {
    const { user, asked } = renderSupplier("north");
    const offers = await section("Offers");
    await user.click(await within(offers).findByRole("button", { name: "Canvas tote" }));
    const dialog = await screen.findByRole("dialog", { name: "Canvas tote" });
    expect(within(dialog).getByLabelText(/Supplier SKU/)).toHaveAttribute("readonly");
    const cost = within(dialog).getByLabelText(/Cost in EUR/);
    expect(cost).toHaveValue("4.10");
    await user.clear(cost);
    await user.type(cost, "4,25");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(offers).toHaveTextContent("€4.25"));
    expect(asked("SaveOffer")[0]?.variables).toMatchObject({
      input: { sku: "NT-TOTE", cost: "4.25", currency: "EUR", stock: 64 },
    });
  });

  it("shows what is reserved, and frees it once the shelf was counted", async () => {
    const { user, asked } = renderSupplier("north");
    const offers = await section("Offers");
    expect(await within(offers).findByText("64 in stock, 12 reserved")).toBeVisible();
    await user.click(await within(offers).findByRole("button", { name: "Canvas tote" }));
    const dialog = await screen.findByRole("dialog", { name: "Canvas tote" });
    await user.click(within(dialog).getByRole("switch", { name: /Counted just now/ }));
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(offers).not.toHaveTextContent("12 reserved"));
    expect(asked("SaveOffer")[0]?.variables).toMatchObject({ input: { stock: 64, counted: true } });
  });

  it("takes prices for larger quantities, and shows what is wrong with them", async () => {
    const { user, asked } = renderSupplier("north");
    const offers = await section("Offers");
    await user.click(await within(offers).findByRole("button", { name: "Canvas tote" }));
    const dialog = await screen.findByRole("dialog", { name: "Canvas tote" });
    const breaks = within(dialog).getByRole("group", { name: "Prices for larger quantities" });
    await user.click(within(breaks).getByRole("button", { name: "Add a price" }));
    await user.type(within(breaks).getByRole("textbox", { name: "From pieces, row 1" }), "10");
    const cost = within(breaks).getByRole("textbox", { name: "Cost of each, row 1" });
    await user.type(cost, "13,80");
    const save = within(dialog).getByRole("button", { name: "Save" });
    await user.click(save);
    await waitFor(() => expect(cost).toHaveAccessibleDescription(/do not cost more each/));
    await user.clear(cost);
    await user.type(cost, "3,80");
    await user.click(save);
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    const saved = asked("SaveOffer").at(-1)?.variables?.input;
    expect(saved).toMatchObject({ priceBreaks: [{ from: 10, cost: "3.80" }] });
  });

  it("says since when a supplier does not answer, why, and when it is tried again", async () => {
    renderSupplier("cargo");
    const notice = await screen.findByRole("note");
    expect(notice).toHaveTextContent("Takes no calls");
    expect(notice).toHaveTextContent("14 minutes ago");
    expect(notice).toHaveTextContent("did not answer within 10 s");
    expect(notice).toHaveTextContent(/Next try.*in 1 minute/);
  });

  it("has no such note on one that answers", async () => {
    renderSupplier("north");
    await section("Connection");
    expect(screen.queryByRole("note")).toBeNull();
  });

  it("leaves a marketplace supplier's offers, people and keys to itself", async () => {
    renderSupplier("cargo");
    const offers = await section("Offers");
    expect(await within(offers).findByText("Bamboo matcha whisk")).toBeVisible();
    expect(within(offers).queryByRole("button", { name: /Add an offer|whisk/ })).toBeNull();
    expect(screen.queryByRole("region", { name: "Access" })).toBeNull();
  });
});
