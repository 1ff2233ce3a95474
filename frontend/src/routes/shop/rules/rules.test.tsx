import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { manySuppliers } from "../../../../test/many-suppliers";
import { renderApp } from "../../../../test/render";

const rule = (name: string) => screen.findByRole("article", { name });

it("shows the rules in their order, with what they say", async () => {
  renderApp("/rules", { session: "staff" });
  const list = await screen.findByRole("list", { name: "Rules" });
  const names = within(list)
    .getAllByRole("article")
    .map((article) => article.getAttribute("aria-label"));
  expect(names.slice(0, 2)).toEqual(["Switzerland from Hillside", "Batteries stay on the ground"]);
  expect(await rule("Switzerland from Hillside")).toHaveTextContent("Only Hillside Pottery");
  expect(await rule("Gifts in one parcel")).toHaveTextContent("Not yet");
});

it("switches, moves and deletes a rule", async () => {
  const { user, asked, server } = renderApp("/rules", { session: "staff" });
  await user.click(
    await screen.findByRole("switch", { name: "Use the rule “Two parcels at most”" }),
  );
  await waitFor(() => expect(asked("SwitchRule")[0]?.variables).toMatchObject({ enabled: true }));
  await user.click(await screen.findByRole("button", { name: "Move “Safety buffer” up" }));
  await waitFor(() => expect(server.world.rulebook.rules[1]?.name).toBe("Safety buffer"));
  await user.click(await screen.findByRole("button", { name: "Delete “Safety buffer”" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Delete the rule" }));
  await waitFor(() => expect(server.world.rulebook.rules).toHaveLength(4));
});

it("builds a condition and saves it as text", async () => {
  const { user, asked } = renderApp("/rules", { session: "staff" });
  await user.click(await screen.findByRole("button", { name: "Add a rule" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox", { name: "Name" }), "Austria");
  await user.click(within(dialog).getByRole("button", { name: "Add a condition" }));
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(within(dialog).getByText("A value is missing.")).toBeVisible();
  expect(asked("SaveRule")).toEqual([]);
  await user.type(within(dialog).getByRole("textbox", { name: "Value" }), "AT");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await waitFor(() =>
    expect(asked("SaveRule")[0]?.variables).toMatchObject({
      id: null,
      version: 3,
      input: { name: "Austria", kind: "EXCLUDE", when: 'order.country == "AT"', from: null },
    }),
  );
  expect(await rule("Austria")).toBeVisible();
});

it("marks a mistake in the text at its place", async () => {
  const { user } = renderApp("/rules", { session: "staff" });
  await user.click(await screen.findByRole("button", { name: "Switzerland from Hillside" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("radio", { name: "Text" }));
  const text = within(dialog).getByRole("textbox", { name: "Condition" });
  expect(text).toHaveValue('order.country == "CH" and (order.total > 500 or "vip" in order.tags)');
  await user.clear(text);
  await user.type(text, "order.total > 1{Enter}and order.county == 'x'");
  expect(
    await within(dialog).findByText(/Line 2, column 5: There is no “order.county”/),
  ).toBeVisible();
  expect(dialog.querySelector("mark")).toHaveTextContent("order.county");
  await user.click(within(dialog).getByRole("button", { name: "Go to the mistake" }));
  expect(text).toHaveFocus();
  await user.click(within(dialog).getByRole("radio", { name: "Build" }));
  expect(within(dialog).getByText(/It stays text/)).toBeVisible();
});

it("goes back to an earlier version after showing it", async () => {
  const { user, server } = renderApp("/rules", { session: "staff" });
  await user.click(await screen.findByRole("button", { name: "Look at version 1" }));
  const dialog = await screen.findByRole("dialog");
  expect(await within(dialog).findByText("Batteries stay on the ground")).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Go back to these rules" }));
  await waitFor(() => expect(server.world.rulebook.rules).toHaveLength(2));
  expect(await screen.findByText(/Version 4: Back to version 1/)).toBeVisible();
});

it("names any supplier, however many pages of them there are", async () => {
  const { user, asked } = renderApp("/rules", { session: "staff", arrange: manySuppliers });
  await user.click(await screen.findByRole("button", { name: "Switzerland from Hillside" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("combobox", { name: /^Suppliers/ }), "205");
  await user.click(await screen.findByRole("option", { name: "Supplier 205" }));
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await waitFor(() =>
    expect(asked("SaveRule")[0]?.variables).toMatchObject({
      input: { suppliers: ["hillside", "supplier-205"] },
    }),
  );
});

it("says so when the later suppliers cannot be read, and reads them again", async () => {
  const app = renderApp("/rules", { session: "staff", arrange: manySuppliers });
  app.fail("MoreSuppliers", 503);
  const alert = await screen.findByRole("alert");
  expect(screen.queryByRole("list", { name: "Rules" })).not.toBeInTheDocument();
  app.fail("MoreSuppliers", undefined);
  await app.user.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("list", { name: "Rules" })).toBeVisible();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});
