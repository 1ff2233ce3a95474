import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { PurchaseOrder } from "../../../../test/mock/builders";
import { renderApp } from "../../../../test/render";
import { needsUrl, trackingInput } from "./carrier-fields";
import { parcelReference } from "./reference";

function renderPurchaseOrder(number: string) {
  let found: PurchaseOrder | undefined;
  const app = renderApp("/portal", {
    session: "supplier:hillside",
    arrange: ({ world }) => {
      found = world.orders
        .flatMap((order) => order.purchaseOrders)
        .find((row) => row.number === number);
    },
  });
  app.go(`/portal/purchase-orders/${found?.id}`);
  return { ...app, purchaseOrder: found as PurchaseOrder };
}

describe("answering a new purchase order", () => {
  it("accepts all with one click, and shipping is next", async () => {
    const { user, purchaseOrder } = renderPurchaseOrder("DEMO-1043-1");
    await user.click(await screen.findByRole("button", { name: "Accept all" }));
    expect(await screen.findByRole("region", { name: "Ship a parcel" })).toBeVisible();
    expect(purchaseOrder.lines[0]?.accepted).toBe(2);
  });

  it("rejects a part, never without a reason", async () => {
    const { user, asked } = renderPurchaseOrder("DEMO-1043-1");
    await user.click(await screen.findByRole("button", { name: "Reject something…" }));
    const quantity = screen.getByLabelText("How many of 2 Stoneware mug you can ship");
    await user.clear(quantity);
    await user.type(quantity, "1");
    await user.click(screen.getByRole("button", { name: "Send the answer" }));
    expect(await screen.findByText("Choose a reason.")).toBeVisible();
    expect(asked("Acknowledge")).toHaveLength(0);

    await user.click(screen.getByRole("combobox", { name: "Why not Stoneware mug" }));
    await user.click(await screen.findByRole("option", { name: "Out of stock" }));
    await user.click(screen.getByRole("button", { name: "Send the answer" }));
    await waitFor(() => expect(asked("Acknowledge")).toHaveLength(1));
    expect(asked("Acknowledge")[0]?.variables).toMatchObject({
      lines: [{ accepted: 1, rejected: 1, reason: "OUT_OF_STOCK" }],
    });
  });
});

describe("shipping", () => {
  it("ships what remains by keyboard alone", async () => {
    const { user, asked, purchaseOrder } = renderPurchaseOrder("DEMO-1040-1");
    const quantity = await screen.findByLabelText("Quantity of Stoneware mug in this parcel");
    expect(quantity).toHaveValue("4");
    quantity.focus();
    await user.tab();
    await user.keyboard("DHL Express{Tab}JD0146{Enter}");
    await waitFor(() => expect(purchaseOrder.status).toBe("SHIPPED"));
    expect(asked("Ship")[0]?.variables).toMatchObject({
      input: {
        carrier: "DHL Express",
        trackingNumber: "JD0146",
        trackingUrl: null,
        lines: [{ quantity: 4 }],
      },
    });
    expect(screen.queryByRole("region", { name: "Ship a parcel" })).not.toBeInTheDocument();
    expect(await screen.findByRole("heading", { level: 1 })).toHaveFocus();
  });

  it("leaves the rest open for the next parcel", async () => {
    const { user } = renderPurchaseOrder("DEMO-1040-1");
    const quantity = await screen.findByLabelText(/Quantity of Stoneware mug/);
    await user.clear(quantity);
    await user.type(quantity, "1");
    await user.type(screen.getByRole("combobox", { name: /Carrier/ }), "GLS");
    await user.click(screen.getByRole("button", { name: "Ship 1 unit" }));
    expect(await screen.findByRole("button", { name: "Ship 3 units" })).toBeVisible();
    expect(screen.getByRole("combobox", { name: /Carrier/ })).toHaveValue("GLS");
    expect(screen.getByRole("region", { name: "Parcels" })).toHaveTextContent("GLS");
  });

  it("sends the same parcel under the same reference when the answer was lost", async () => {
    const app = renderPurchaseOrder("DEMO-1039-1");
    await app.user.type(await screen.findByRole("combobox", { name: /Carrier/ }), "GLS");
    app.lose("Ship");
    await app.user.click(screen.getByRole("button", { name: "Ship 4 units" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("cannot be reached");
    await app.user.click(screen.getByRole("button", { name: "Ship 4 units" }));
    await waitFor(() => expect(screen.queryByRole("alert")).not.toBeInTheDocument());
    expect(app.purchaseOrder.shipments).toHaveLength(1);
  });

  it("asks for the carrier, and for an address where Shopify has none", async () => {
    const { user, asked } = renderPurchaseOrder("DEMO-1040-1");
    await user.click(await screen.findByRole("button", { name: "Ship 4 units" }));
    expect(await screen.findByText("Choose or type the carrier.")).toBeVisible();
    await user.type(screen.getByRole("combobox", { name: /Carrier/ }), "Riksha Kurier");
    await user.type(screen.getByLabelText(/Tracking address/), "riksha.example");
    await user.click(screen.getByRole("button", { name: "Ship 4 units" }));
    expect(asked("Ship")).toHaveLength(0);
    await user.clear(screen.getByLabelText(/Tracking address/));
    await user.type(screen.getByLabelText(/Tracking address/), "https://riksha.example/1");
    await user.click(screen.getByRole("button", { name: "Ship 4 units" }));
    await waitFor(() => expect(asked("Ship")).toHaveLength(1));
    expect(asked("Ship")[0]?.variables).toMatchObject({
      input: { carrier: "Riksha Kurier", trackingUrl: "https://riksha.example/1" },
    });
  });

  it("corrects the tracking of a parcel", async () => {
    const { user, purchaseOrder } = renderPurchaseOrder("DEMO-1040-1");
    await user.click(await screen.findByRole("button", { name: /Correct tracking of parcel/ }));
    const dialog = await screen.findByRole("dialog");
    const number = within(dialog).getByLabelText(/Tracking number/);
    await user.clear(number);
    await user.type(number, "0999");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(purchaseOrder.shipments[0]?.trackingNumber).toBe("0999"));
  });
});

describe("a cancel request", () => {
  it("is granted after a question", async () => {
    const { user, purchaseOrder } = renderPurchaseOrder("DEMO-1041-1");
    expect(await screen.findByText(/cancelled the order in Shopify/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Cancel it" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Cancel it" }));
    await waitFor(() => expect(purchaseOrder.status).toBe("CANCELLED"));
  });

  it("is refused with a reason", async () => {
    const { user, asked } = renderPurchaseOrder("DEMO-1041-1");
    await user.click(await screen.findByRole("button", { name: "Too late to cancel" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Too late to cancel" }));
    expect(await within(dialog).findByText("Tell the shop why.")).toBeVisible();
    await user.type(within(dialog).getByLabelText(/Why/), "On the truck");
    await user.click(within(dialog).getByRole("button", { name: "Too late to cancel" }));
    await waitFor(() =>
      expect(asked("AnswerCancellation")[0]?.variables).toMatchObject({
        accepted: false,
        reason: "On the truck",
      }),
    );
  });
});

describe("carriers", () => {
  const carriers = ["DHL Express", "DPD"];
  it.each([
    ["", false],
    ["dhl express", false],
    ["DH", false], // still typing a known one
    ["Riksha", true],
  ])("%j needs an address: %s", (carrier, expected) => {
    expect(needsUrl(carriers, carrier)).toBe(expected);
  });

  it("sends a known one in Shopify's spelling and without an address", () => {
    expect(
      trackingInput(carriers, {
        carrier: " dpd ",
        trackingNumber: " 42 ",
        trackingUrl: "https://left.over/",
      }),
    ).toEqual({ carrier: "DPD", trackingNumber: "42", trackingUrl: null });
  });

  it("names parcels apart", () => {
    const names = new Set(Array.from({ length: 500 }, parcelReference));
    expect(names.size).toBe(500);
  });
});
