import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../test/render";

describe("around the dashboard", () => {
  it("says on every page that automation is off, and turns it on there", async () => {
    const { user, server } = renderApp("/suppliers", {
      session: "staff",
      arrange: ({ world }) => {
        world.shop.settings.automation = false;
      },
    });
    expect(await screen.findByText("Automation is off.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Turn on" }));
    await waitFor(() => expect(screen.queryByText("Automation is off.")).not.toBeInTheDocument());
    expect(server.world.shop.settings.automation).toBe(true);
  });

  it("leads to Shopify when the shop must be connected again", async () => {
    renderApp("/orders", {
      session: "staff",
      arrange: ({ world }) => {
        world.shop.status = "NEEDS_RECONNECT";
      },
    });
    expect(await screen.findByRole("link", { name: "Connect again" })).toHaveAttribute(
      "href",
      "/auth/shopify?shop=meadow-and-mill.myshopify.com",
    );
  });

  it("says on every page that Shopify does not answer, and why", async () => {
    renderApp("/orders", {
      session: "staff",
      arrange: ({ world }) => {
        world.shop.outage = {
          since: "2026-11-20T08:00:00Z",
          nextTryAt: "2026-11-20T09:00:00Z",
          reason: "the call timed out",
        };
      },
    });
    expect(await screen.findByText("Shopify does not answer.")).toBeVisible();
    expect(screen.getByText(/The last call: the call timed out/)).toBeVisible();
  });

  it("counts what is open in the navigation, in words too", async () => {
    renderApp("/", { session: "staff" });
    const navigation = await screen.findByRole("navigation", { name: "Main" });
    expect(
      await within(navigation).findByRole("link", { name: /Needs attention.*7 open/ }),
    ).toBeVisible();
    expect(
      within(navigation).getByRole("link", { name: /Mappings.*3 variants without a mapping/ }),
    ).toBeVisible();
  });

  it("names the tab and takes the focus to the title after a navigation", async () => {
    const { user } = renderApp("/", { session: "staff" });
    await user.click(await screen.findByRole("link", { name: "Suppliers" }));
    const title = await screen.findByRole("heading", { level: 1, name: "Suppliers" });
    await waitFor(() => expect(title).toHaveFocus());
    expect(document.title).toBe("Suppliers · Orderyard");
  });

  it("offers to try again when the server cannot be reached", async () => {
    const app = renderApp("/orders", { session: "staff" });
    app.fail("ShopShell", "offline");
    expect(await screen.findByRole("alert")).toHaveTextContent("cannot be reached");
    app.fail("ShopShell", undefined);
    await app.user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("table", { name: "Orders" })).toBeVisible();
  });

  it("shows the overview: decisions first, then the newest orders", async () => {
    renderApp("/", { session: "staff" });
    const attention = await screen.findByRole("region", { name: "Needs attention" });
    expect(within(attention).getAllByRole("article")).toHaveLength(3);
    const counts = screen.getByRole("list", { name: "The shop in numbers" });
    expect(within(counts).getByRole("link", { name: /Unmapped variants/ })).toHaveAttribute(
      "href",
      "/mappings?show=unmapped",
    );
    expect(screen.getByRole("region", { name: "Newest orders" })).toHaveTextContent("#1050");
  });

  it("says at an unknown address that nothing is there", async () => {
    renderApp("/no-such-page", { session: "staff" });
    expect(await screen.findByRole("heading", { name: "Page not found" })).toBeVisible();
  });
});
