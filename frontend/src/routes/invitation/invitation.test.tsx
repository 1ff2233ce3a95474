import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { renderApp } from "../../../test/render";
import { enter } from "../../lib/enter";

vi.mock("../../lib/enter", async (original) => ({
  ...(await original<typeof import("../../lib/enter")>()),
  enter: vi.fn(),
}));

it("makes an account of an invitation", async () => {
  const { user, asked } = renderApp("/invitation/4f9d2c");
  expect(await screen.findByText(/ship for Hillside Pottery/)).toBeVisible();
  await user.type(screen.getByLabelText(/Your name/), "Sam");
  await user.type(screen.getByLabelText(/Choose a password/), "too short");
  await user.click(screen.getByRole("button", { name: "Create the account" }));
  expect(asked("AcceptInvitation")).toHaveLength(0);

  await user.type(screen.getByLabelText(/Choose a password/), ", but no more");
  await user.click(screen.getByRole("button", { name: "Create the account" }));
  await vi.waitFor(() => expect(enter).toHaveBeenCalledWith("SUPPLIER", undefined));
  expect(asked("AcceptInvitation")[0]?.variables).toEqual({
    token: "4f9d2c",
    name: "Sam",
    password: "too short, but no more",
  });
});

it("says what to do with a link that is used up", async () => {
  renderApp("/invitation/expired");
  expect(await screen.findByText("This invitation cannot be used")).toBeVisible();
  expect(screen.getByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/sign-in");
});
