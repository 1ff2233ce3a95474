import { screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderApp } from "../../../test/render";
import { enter } from "../../lib/enter";

vi.mock("../../lib/enter", async (original) => ({
  ...(await original<typeof import("../../lib/enter")>()),
  enter: vi.fn(), // jsdom cannot load another page
}));
beforeEach(() => vi.mocked(enter).mockClear());

describe("signing in", () => {
  it("lets a demo's visitor in with one click, back to where they wanted to go", async () => {
    const { user, asked } = renderApp("/sign-in?return=%2Forders");
    await user.click(await screen.findByRole("button", { name: /owner of Meadow & Mill/ }));
    expect(asked("DemoSignIn")[0]?.variables).toEqual({ as: "STAFF", supplierKey: null });
    expect(enter).toHaveBeenCalledWith("STAFF", "/orders");
  });

  it("offers the demo's portal supplier by name", async () => {
    const { user, asked } = renderApp("/sign-in");
    await user.click(await screen.findByRole("button", { name: /supplier Hillside Pottery/ }));
    expect(asked("DemoSignIn")[0]?.variables).toEqual({ as: "SUPPLIER", supplierKey: "hillside" });
    expect(enter).toHaveBeenCalledWith("SUPPLIER", undefined);
  });

  it("says what is wrong with a password, and asks nothing without one", async () => {
    const { user, asked } = renderApp("/sign-in");
    await user.type(await screen.findByLabelText(/E-mail/), "owner@meadow.example");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText("Enter your password.")).toBeVisible();
    expect(asked("SignIn")).toHaveLength(0);

    await user.type(screen.getByLabelText(/^Password/), "wrong");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("E-mail or password is wrong.");
    expect(enter).not.toHaveBeenCalled();
  });

  it("leads a stranger from any page here, and remembers the page", async () => {
    const { path } = renderApp("/orders?status=HELD");
    await screen.findByRole("heading", { name: "Sign in" });
    expect(path()).toBe("/sign-in?return=%2Forders%3Fstatus%3DHELD");
  });

  it("leads suppliers to the portal and staff to the dashboard", async () => {
    const supplier = renderApp("/orders", { session: "supplier:hillside" });
    expect(await screen.findByRole("heading", { name: "New" })).toBeVisible();
    expect(supplier.path()).toBe("/portal");
  });

  it("leads here when the session ends meanwhile", async () => {
    const app = renderApp("/orders", { session: "staff" });
    app.fail("Orders", { code: "UNAUTHENTICATED", message: "Sign in first." });
    await screen.findByRole("heading", { name: "Sign in" });
    expect(app.path()).toBe("/sign-in?return=%2Forders");
  });
});
