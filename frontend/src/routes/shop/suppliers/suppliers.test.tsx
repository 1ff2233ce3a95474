import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { manySuppliers } from "../../../../test/many-suppliers";
import { renderApp } from "../../../../test/render";

it("lists suppliers in the order in which routing asks them", async () => {
  renderApp("/suppliers", { session: "staff" });
  const table = await screen.findByRole("table", { name: "Suppliers" });
  const names = within(table)
    .getAllByRole("link")
    .map(({ textContent }) => textContent);
  expect(names).toEqual([
    "North Textiles",
    "Hillside Pottery",
    "Cargo Kitchenware",
    "Old Mill Paper", // paused
    "Glaswerk Süd", // not connected
  ]);
  expect(within(table).getByRole("row", { name: /North Textiles/ })).toHaveTextContent("96.5 %");
});

it("marks the supplier that calls fail at", async () => {
  renderApp("/suppliers", { session: "staff" });
  const table = await screen.findByRole("table", { name: "Suppliers" });
  const row = (name: string) => within(table).getByRole("row", { name: new RegExp(name) });
  expect(row("Cargo Kitchenware")).toHaveTextContent("Takes no calls");
  expect(row("North Textiles")).not.toHaveTextContent("Takes no calls");
});

it("adds a supplier, showing the server's problem at its field", async () => {
  const { user, path, server } = renderApp("/suppliers", { session: "staff" });
  await user.click(await screen.findByRole("button", { name: "Add a supplier" }));
  const dialog = await screen.findByRole("dialog", { name: "Add a supplier" });
  await user.type(within(dialog).getByLabelText(/^Name/), "Café Nord");
  await user.tab();
  expect(within(dialog).getByLabelText(/^Key/)).toHaveValue("cafe-nord");

  await user.clear(within(dialog).getByLabelText(/^Key/));
  await user.type(within(dialog).getByLabelText(/^Key/), "north");
  await user.click(within(dialog).getByRole("radio", { name: "HTTP" }));
  await user.click(within(dialog).getByRole("button", { name: "Add a supplier" }));
  expect(await within(dialog).findByText(/beginning with https/)).toBeVisible();

  await user.type(within(dialog).getByLabelText(/Address for/), "https://nord.example/orders");
  await user.click(within(dialog).getByRole("button", { name: "Add a supplier" }));
  await waitFor(() => expect(within(dialog).getByLabelText(/^Key/)).toBeInvalid());

  await user.type(within(dialog).getByLabelText(/^Key/), "-cafe");
  await user.click(within(dialog).getByRole("button", { name: "Add a supplier" }));
  const made = await screen.findByRole("heading", { level: 1, name: "Café Nord" });
  expect(made).toBeVisible();
  expect(path()).toBe(`/suppliers/${server.world.suppliers.at(-1)?.id}`);
});

it("goes on to the suppliers that one page does not hold", async () => {
  const { user, path } = renderApp("/suppliers", { session: "staff", arrange: manySuppliers });
  expect(await screen.findByText("Supplier 100")).toBeVisible();
  expect(screen.getByText("By key. Routing asks them by their priority.")).toBeVisible();
  const pages = screen.getByRole("navigation", { name: "Pages" });
  for (const last of ["Supplier 200", "Supplier 205"]) {
    await user.click(within(pages).getByText("Next"));
    expect(await screen.findByText(last)).toBeVisible();
  }
  expect(screen.queryByText("Supplier 200")).not.toBeInTheDocument();
  expect(within(pages).getByText("Next").closest("button")).toBeDisabled();
  await user.click(within(pages).getByText("First page"));
  expect(await screen.findByText("North Textiles")).toBeVisible();
  expect(path()).toBe("/suppliers");
});
