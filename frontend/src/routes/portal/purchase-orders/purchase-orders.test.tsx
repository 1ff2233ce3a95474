import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../../test/render";

const session = "supplier:hillside";

describe("the portal's list", () => {
  it("starts with what is new, and counts the rest", async () => {
    renderApp("/portal", { session });
    const table = await screen.findByRole("table", { name: "New" });
    expect(within(table).getAllByRole("link")).toHaveLength(2);
    const buckets = screen.getByRole("navigation", { name: "Buckets" });
    expect(within(buckets).getByRole("link", { name: /Past ship-by\s*1/ })).toBeVisible();
    expect(within(buckets).getByRole("link", { name: /New/ })).toHaveAttribute(
      "aria-current",
      "page",
    );
  });

  it("says in words what is late", async () => {
    renderApp("/portal?bucket=PAST_SHIP_BY", { session });
    const table = await screen.findByRole("table", { name: "Past ship-by" });
    expect(table).toHaveTextContent(/late, \d+ days ago/);
  });

  it("shows only this supplier's work", async () => {
    renderApp("/portal?bucket=DONE&q=NT-TEE", { session });
    expect(await screen.findByText("No purchase order matches")).toBeVisible();
  });

  it("goes to a bucket by keyboard, and opens its first row", async () => {
    const { user, path } = renderApp("/portal", { session });
    await screen.findByRole("table", { name: "New" });
    await user.keyboard("gt");
    await screen.findByRole("table", { name: "To ship" });
    await user.keyboard("j{Enter}");
    await waitFor(() => expect(path()).toMatch(/^\/portal\/purchase-orders\//));
  });
});
