import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { money, tell } from "../../../../test/mock/builders";
import type { MockServer } from "../../../../test/mock/server";
import { type App, renderApp } from "../../../../test/render";

function renderOrder(name: string, arrange?: (server: MockServer) => void): App {
  // The world makes new ids each time: learn this order's while arranging.
  let id = "";
  const app = renderApp("/orders", {
    session: "staff",
    arrange: (server) => {
      arrange?.(server);
      id = server.world.orders.find((order) => order.name === name)?.id ?? "";
    },
  });
  app.go(`/orders/${id}`);
  return app;
}

const section = (name: string) => screen.findByRole("region", { name });

describe("an order", () => {
  it("says why each supplier, and why not the others", async () => {
    renderOrder("#1035");
    const why = await section("Why this supplier");
    expect(why).toHaveTextContent("Hillside Pottery has priority 2, enough stock (48)");
    expect(why).toHaveTextContent("1 alternative not taken");
    expect(why).toHaveTextContent("North Textiles, NT-MUG × 1: Out of stock: 0 available.");
  });

  it("says what everything costs, and what the second best would", async () => {
    renderOrder("#1035");
    const why = await section("Why this supplier");
    expect(why).toHaveTextContent("cheapest");
    expect(within(why).getByRole("table", { name: "What this plan costs" })).toHaveTextContent(
      "Hillside Pottery",
    );
    expect(why).toHaveTextContent("no allowed plan is better");
    expect(why).toHaveTextContent("1 USD is 0.92 EUR, as of 2026-11-20");
    expect(why).toHaveTextContent("goods €16.40 · fees €1.90 · shipping €4.90 · 3 days");
    expect(why).toHaveTextContent("Second best: North Textiles (NT-MUG)");
    expect(why).toHaveTextContent("Your preferences count €0.25 more against it.");
    expect(why).toHaveTextContent("It would win if North Textiles charged €0.81 less");
  });

  it("keeps saying why of what an earlier decision left where it is", async () => {
    renderOrder("#1035", (server) => {
      const order = server.world.orders.find((order) => order.name === "#1035");
      if (!order?.plan) {
        throw new Error("no plan");
      }
      order.earlierPlans = [{ ...order.plan, id: "earlier" }];
    });
    const earlier = await section("Decided before, and still so");
    expect(within(earlier).queryByRole("table", { name: "What this plan costs" })).toBeNull();
    expect(earlier).toHaveTextContent("Hillside Pottery has priority 2, enough stock (48)");
  });

  it("does not call a second best proven that is not", async () => {
    renderOrder("#1035", (server) => {
      const plan = server.world.orders.find((order) => order.name === "#1035")?.plan;
      const second = plan?.lines.find((line) => line.runnerUp)?.runnerUp;
      if (!second) {
        throw new Error("no plan with a second best");
      }
      second.proven = false;
    });
    const why = await section("Why this supplier");
    expect(why).toHaveTextContent("The best other way found: North Textiles (NT-MUG)");
    expect(why).not.toHaveTextContent("Second best");
  });

  it("says what the strategy goes by in its own measure, never as money", async () => {
    renderOrder("#1035", (server) => {
      const plan = server.world.orders.find((order) => order.name === "#1035")?.plan;
      const second = plan?.lines.find((line) => line.runnerUp)?.runnerUp;
      if (!plan?.landed || !second) {
        throw new Error("no plan with a second best");
      }
      plan.strategy = "FASTEST";
      plan.landed = {
        ...plan.landed,
        aim: { aim: "UNIT_DAYS", amount: 6 },
        aimGap: { aim: "UNIT_DAYS", amount: 1 },
      };
      Object.assign(second, { more: money(-160), aim: { aim: "UNIT_DAYS", amount: 4 } });
    });
    const why = await section("Why this supplier");
    expect(why).toHaveTextContent("6 days until it arrives, added up over the units");
    expect(why).toHaveTextContent("a better plan would save 1 day at most");
    expect(why).not.toHaveTextContent("no allowed plan is better");
    expect(why).toHaveTextContent("the order would cost €1.60 less.");
    expect(why).toHaveTextContent("Its units would take 4 days more in all.");
  });

  it("shows what routing would decide now", async () => {
    const { user } = renderOrder("#1035");
    await user.click(await screen.findByRole("button", { name: /What would routing decide/ }));
    const plan = await section("If it were routed now");
    expect(plan).toHaveTextContent("Hillside Pottery");
    expect(screen.getByText(/Nothing follows from it/)).toBeVisible();
  });

  it("says what waits for somebody who does not answer", async () => {
    renderOrder("#1035", ({ world }) => {
      const order = world.orders.find(({ name }) => name === "#1035");
      order?.delayedWork.push({
        id: "j1",
        name: "push_fulfillment",
        reason: "Shopify's API of the shop is left alone for now",
        since: "2026-11-20T08:00:00Z",
        nextTryAt: null,
      });
    });
    const title = await screen.findByText("Waits, and is tried again by itself");
    const notice = title.closest("[role=note]");
    expect(notice).toHaveTextContent(
      "Push fulfillment: Shopify's API of the shop is left alone for now.",
    );
    expect(notice).toHaveTextContent("any moment");
  });

  it("says nothing where nothing waits", async () => {
    renderOrder("#1035");
    await section("Lines");
    expect(screen.queryByText("Waits, and is tried again by itself")).not.toBeInTheDocument();
  });

  it("shows where every unit is", async () => {
    renderOrder("#1035");
    const lines = await section("Lines");
    expect(lines).toHaveTextContent("Shipped, 1 of 2");
    expect(lines).toHaveTextContent("With supplier, 1 of 2");
  });

  it("links the parcels to their carriers", async () => {
    renderOrder("#1035");
    const shipments = await section("Shipments");
    expect(within(shipments).getByRole("link", { name: /Riksha Kurier RK-5521/ })).toHaveAttribute(
      "href",
      "https://riksha.example/t/RK-5521",
    );
  });

  it("never makes a link of what is not a web address", async () => {
    renderOrder("#1035", ({ world }) => {
      for (const order of world.orders) {
        for (const shipment of order.shipments) shipment.trackingUrl = "javascript:alert(1)";
      }
    });
    const shipments = await section("Shipments");
    expect(within(shipments).queryByRole("link")).not.toBeInTheDocument();
    expect(shipments).toHaveTextContent("RK-5521");
  });

  it("tells its history, newest first, with who did it", async () => {
    renderOrder("#1035");
    const history = await section("History");
    await within(history).findByText("Imported from Shopify");
    const events = within(history).getAllByRole("listitem");
    expect(events.at(-1)).toHaveTextContent("Imported from Shopify");
    expect(events.at(-1)).toHaveTextContent("shopify");
  });

  it("pages through a long history", async () => {
    const { user } = renderOrder("#1035", ({ world }) => {
      const order = world.orders.find(({ name }) => name === "#1035");
      for (let n = 1; n <= 30 && order; n += 1) tell(order, 1, "orderyard", "note", `Note ${n}`);
    });
    const history = await section("History");
    expect(await within(history).findByText("Note 30")).toBeVisible();
    expect(within(history).queryByText("Note 5")).not.toBeInTheDocument();
    await user.click(within(history).getByRole("button", { name: "Show older" }));
    expect(await within(history).findByText("Note 5")).toBeVisible();
    expect(within(history).getByText("Note 30")).toBeVisible();
  });

  it("says why it is not routed", async () => {
    renderOrder("#1036");
    expect(await screen.findByText(/Not paid yet/, { selector: "div *" })).toBeVisible();
    expect(await section("Purchase orders")).toHaveTextContent("Nothing has been ordered");
  });

  it("asks for a reason before it cancels a purchase order", async () => {
    const { user, asked } = renderOrder("#1039");
    await user.click(await screen.findByRole("button", { name: "Cancel DEMO-1039-1" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Ask to cancel" }));
    expect(asked("CancelPurchaseOrder")).toHaveLength(0);
    await user.type(within(dialog).getByLabelText(/Reason/), "Ordered twice");
    await user.click(within(dialog).getByRole("button", { name: "Ask to cancel" }));
    await waitFor(async () =>
      expect(await section("Purchase orders")).toHaveTextContent("Cancel requested"),
    );
  });

  it("settles its exception on the spot", async () => {
    const { user } = renderOrder("#1049");
    const attention = await section("Needs attention");
    await user.click(within(attention).getByRole("button", { name: "Try again" }));
    expect(await section("Settled")).toHaveTextContent("Routed again");
    expect(screen.queryByRole("region", { name: "Needs attention" })).not.toBeInTheDocument();
  });

  it("is routed by hand while automation is off, and only then", async () => {
    const { user } = renderOrder("#1050", ({ world }) => {
      world.shop.settings.automation = false;
    });
    await user.click(await screen.findByRole("button", { name: "Route now" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Route now" })).toBeNull());
    expect(await screen.findByText("With supplier", { selector: "h1 + *" })).toBeVisible();
  });

  it("needs no hand where automation is on", async () => {
    renderOrder("#1050");
    expect(await screen.findByText("Awaiting routing", { selector: "h1 + *" })).toBeVisible();
    await section("Lines");
    expect(screen.queryByRole("button", { name: "Route now" })).toBeNull();
  });

  it("counts down to what leaves, and takes it back", async () => {
    const { user, asked } = renderOrder("#1034");
    const orders = await section("Purchase orders");
    expect(orders).toHaveTextContent(/Leaves in [89]:\d\d unless it is cancelled/);
    await user.click(within(orders).getByRole("button", { name: "Cancel DEMO-1034-1" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("will not hear of it");
    await user.type(within(dialog).getByLabelText(/Reason/), "Wrong address");
    await user.click(within(dialog).getByRole("button", { name: "Do not send it" }));
    await waitFor(() => expect(asked("CancelPurchaseOrder")).toHaveLength(1));
  });

  it("chooses a supplier by hand, with a reason", async () => {
    const { user, asked } = renderOrder("#1034");
    await user.click(await screen.findByRole("button", { name: /Choose supplier for/ }));
    const dialog = await screen.findByRole("dialog");
    const choices = await within(dialog).findAllByRole("radio");
    await user.click(within(dialog).getByRole("button", { name: "Route it there" }));
    expect(asked("OverrideRouting")).toHaveLength(0);
    await user.click(choices[0] as HTMLElement);
    await user.type(within(dialog).getByLabelText(/Reason/), "They are quicker");
    await user.click(within(dialog).getByRole("button", { name: "Route it there" }));
    await waitFor(() =>
      expect(asked("OverrideRouting")[0]?.variables).toMatchObject({ reason: "They are quicker" }),
    );
    expect(await section("History")).toHaveTextContent("Routed by hand: They are quicker");
  });

  it("splits and merges what was not sent", async () => {
    const { user, asked } = renderOrder("#1034");
    await user.click(await screen.findByRole("button", { name: "Split DEMO-1034-2" }));
    let dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getAllByRole("checkbox")[0] as HTMLElement);
    await user.type(within(dialog).getByLabelText(/Reason/), "Fragile");
    await user.click(within(dialog).getByRole("button", { name: "Split" }));
    await waitFor(() => expect(asked("SplitPurchaseOrder")).toHaveLength(1));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    await user.click(await screen.findByRole("button", { name: "Merge DEMO-1034-1" }));
    dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/Reason/), "One parcel");
    await user.click(within(dialog).getByRole("button", { name: "Merge" }));
    await waitFor(() => expect(asked("MergePurchaseOrders")).toHaveLength(1));
  });

  it("says when there is no such order", async () => {
    renderApp("/orders/0193a000-0000-7000-8000-ffffffffffff", { session: "staff" });
    expect(await screen.findByText("No such order")).toBeVisible();
  });
});
