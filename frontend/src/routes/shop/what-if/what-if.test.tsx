import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { manySuppliers } from "../../../../test/many-suppliers";
import { renderApp } from "../../../../test/render";

const compare = () => screen.findByRole("button", { name: "Compare" });

it("compares a draft: strategy, rules and agreements, and shows what comes of it", async () => {
  const { user, asked, path } = renderApp("/what-if", { session: "staff" });
  expect(await screen.findByText("The draft is as the shop routes now.")).toBeVisible();
  await user.click(screen.getByRole("radio", { name: "Last 90 days" }));
  await user.click(screen.getByRole("combobox", { name: "Strategy" }));
  await user.click(await screen.findByRole("option", { name: "fastest" }));
  await user.click(screen.getByRole("switch", { name: "Use the rule “Two parcels at most”" }));
  await user.click(screen.getByRole("button", { name: "Delete “Safety buffer”" }));
  await user.click(screen.getByRole("button", { name: "Change Hillside Pottery in the draft" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("switch", { name: /Active/ }));
  await user.click(within(dialog).getByRole("button", { name: "Keep in the draft" }));
  expect(
    await screen.findByText(/Different from now: how orders are routed, rules, suppliers/),
  ).toBeVisible();
  await user.click(await compare());
  await waitFor(() => expect(path()).toMatch(/^\/what-if\/.+/));
  const input = asked("StartWhatIf")[0]?.variables?.input as Record<string, unknown>;
  expect(input).toMatchObject({
    until: null,
    routing: { strategy: "FASTEST" },
    connections: [{ active: false }],
  });
  const rules = input.rules as { name: string; enabled: boolean }[];
  expect(rules.map(({ name }) => name)).not.toContain("Safety buffer");
  expect(rules.find(({ name }) => name === "Two parcels at most")?.enabled).toBe(true);
  expect(await screen.findByRole("heading", { name: "Comparison" })).toBeVisible();
});

it("sends nothing that is as it is live, and needs a first day for own dates", async () => {
  const { user, asked } = renderApp("/what-if", { session: "staff" });
  await user.click(await screen.findByRole("radio", { name: "Own dates" }));
  await user.click(await compare());
  expect(screen.getByText("Name the first day.")).toBeVisible();
  expect(asked("StartWhatIf")).toEqual([]);
  await user.type(screen.getByLabelText(/First day/, { selector: "input" }), "2026-10-01");
  await user.click(await compare());
  await waitFor(() => expect(asked("StartWhatIf")).toHaveLength(1));
  const input = asked("StartWhatIf")[0]?.variables?.input;
  expect(Object.keys(input as object).sort()).toEqual(["since", "until"]);
});

it("adds a rule to the draft alone, and refuses a name twice", async () => {
  const { user, asked, server } = renderApp("/what-if", { session: "staff" });
  await user.click(await screen.findByRole("button", { name: "Add a rule" }));
  const dialog = await screen.findByRole("dialog");
  const name = within(dialog).getByRole("textbox", { name: "Name" });
  await user.type(name, "Safety buffer");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(await within(dialog).findByText("There is a rule of this name already.")).toBeVisible();
  await user.clear(name);
  await user.type(name, "Tried");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(await screen.findByRole("article", { name: "Tried" })).toBeVisible();
  expect(asked("SaveRule")).toEqual([]);
  expect(server.world.rulebook.rules.map((rule) => rule.name)).not.toContain("Tried");
});

it("shows the server's problems at their fields", async () => {
  const { user } = renderApp("/what-if", {
    session: "staff",
    arrange: ({ world }) => {
      world.shop.settings.routing = { ...world.shop.settings.routing, strategy: "CHEAPEST" };
    },
  });
  const field = await screen.findByRole("textbox", { name: /parcel/i });
  await user.clear(field);
  await user.type(field, "-1,5");
  expect(field).toHaveValue("-1.5");
  await user.click(await compare());
  expect(await screen.findAllByText("This is not negative.")).toHaveLength(2);
  expect(field).toHaveAccessibleDescription(/not negative/);
});

it("shows what is wrong with a draft agreement at its field, until it is changed", async () => {
  const { user, asked } = renderApp("/what-if", { session: "staff" });
  const edit = () => screen.findByRole("button", { name: "Change Hillside Pottery in the draft" });
  await user.click(await edit());
  let dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox", { name: "Cutoff hour" }), "14");
  await user.click(within(dialog).getByRole("switch", { name: /dangerous goods/ }));
  await user.click(within(dialog).getByRole("switch", { name: /age checked/ }));
  const known = within(dialog).getByRole("switch", { name: /costs are known/ });
  if (!(known as HTMLInputElement).checked) await user.click(known);
  const perParcel = () => within(dialog).getByRole("textbox", { name: /each parcel/i });
  await user.clear(perParcel());
  await user.type(perParcel(), "-2");
  await user.click(within(dialog).getByRole("button", { name: "Keep in the draft" }));
  expect(
    await screen.findByText(/Cutoff at 14:00 · No dangerous goods · Age is checked/),
  ).toBeVisible();
  await user.click(await compare());
  const list = screen.getByRole("list", { name: "Agreements with suppliers" });
  expect(await within(list).findByRole("alert")).toHaveTextContent("This is not negative.");
  const input = asked("StartWhatIf")[0]?.variables?.input;
  expect(input).toMatchObject({
    connections: [{ cutoffHour: 14, dangerousGoods: false, checksAge: true }],
  });
  await user.click(await edit());
  dialog = await screen.findByRole("dialog");
  expect(perParcel()).toHaveAccessibleDescription(/not negative/);
  await user.clear(perParcel());
  await user.type(perParcel(), "2");
  await user.click(within(dialog).getByRole("button", { name: "Keep in the draft" }));
  expect(within(list).queryByRole("alert")).not.toBeInTheDocument();
  await user.click(await compare());
  expect(await screen.findByRole("heading", { name: "Comparison" })).toBeVisible();
});

it("lists the orders that change by what the draft saves", async () => {
  const { user, asked, path } = renderApp("/what-if", { session: "staff" });
  const runs = await screen.findByRole("table", { name: "Comparisons" });
  await user.click(within(runs).getAllByRole("link")[0] as HTMLElement);
  const orders = () => screen.findByRole("table", { name: "Orders that change" });
  const before = (await orders()).textContent;
  await user.click(screen.getByRole("radio", { name: "Saving" }));
  await waitFor(() => expect(path()).toMatch(/sort=saving/));
  await waitFor(async () => expect((await orders()).textContent).not.toBe(before));
  expect(asked("ChangedOrders").at(-1)?.variables).toMatchObject({ sort: "SAVING" });
});

it("shows a result with the chart's numbers as text, and leads to the orders", async () => {
  const { user, path } = renderApp("/what-if", { session: "staff" });
  const runs = await screen.findByRole("table", { name: "Comparisons" });
  const row = within(runs).getAllByRole("row")[1] as HTMLElement;
  await user.click(within(row).getByRole("link"));
  const sides = await screen.findByRole("region", { name: "Live and draft" });
  expect(within(sides).getByRole("row", { name: /^Cost/ })).toHaveTextContent(/-€/);
  const chart = screen.getByRole("img", { name: /62.5 % live, 41 % in the draft/ });
  expect(chart).toBeVisible();
  const orders = await screen.findByRole("table", { name: "Orders that change" });
  const first = within(orders).getAllByRole("link")[0] as HTMLElement;
  expect(first).toHaveAttribute("href", expect.stringMatching(/^\/orders\//));
  await user.click(screen.getByRole("link", { name: "Go on from this draft" }));
  await waitFor(() => expect(path()).toMatch(/^\/what-if\?from=/));
  expect(await screen.findByText(/Different from now: how orders are routed/)).toBeVisible();
});

it("names the draft's rules that none of the orders fell under", async () => {
  const { user } = renderApp("/what-if", {
    session: "staff",
    arrange: ({ world }) => {
      for (const run of world.whatIfRuns) run.draftRulesNeverInForce = ["Christmas"];
    },
  });
  const runs = await screen.findByRole("table", { name: "Comparisons" });
  const row = within(runs).getAllByRole("row")[1] as HTMLElement;
  await user.click(within(row).getByRole("link"));
  expect(
    await screen.findByText(/rule “Christmas” decides about none of these orders/),
  ).toBeVisible();
});

it("says where orders of the time were left out", async () => {
  const { user } = renderApp("/what-if", {
    session: "staff",
    arrange: ({ world }) => {
      for (const run of world.whatIfRuns) run.cutOff = true;
    },
  });
  const runs = await screen.findByRole("table", { name: "Comparisons" });
  const row = within(runs).getAllByRole("row")[1] as HTMLElement;
  await user.click(within(row).getByRole("link"));
  expect(await screen.findByText(/This time has more orders than the [\d,]+ that/)).toBeVisible();
});

it("cancels a comparison that is under way", async () => {
  const { user, asked } = renderApp("/what-if", { session: "staff" });
  await user.click(await compare());
  expect(await screen.findByRole("progressbar", { name: "Progress" })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Cancel the comparison" }));
  await waitFor(() => expect(asked("CancelWhatIf")).toHaveLength(1));
  expect(await screen.findByText(/It was cancelled after/)).toBeVisible();
  expect(screen.getByRole("link", { name: "Go on from this draft" })).toBeVisible();
});

it("drafts an agreement with any supplier, however many pages of them there are", async () => {
  const { user, asked, server } = renderApp("/what-if", {
    session: "staff",
    arrange: manySuppliers,
  });
  const find = await screen.findByRole("searchbox", { name: "Search suppliers" });
  const list = screen.getByRole("list", { name: "Agreements with suppliers" });
  expect(within(list).getAllByRole("listitem")).toHaveLength(20);
  await user.type(find, "supplier-205{Enter}");
  await user.click(await screen.findByLabelText("Change Supplier 205 in the draft"));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("switch", { name: /Active/ }));
  await user.click(within(dialog).getByRole("button", { name: "Keep in the draft" }));
  await user.clear(find);
  expect(await screen.findByText("And 183 more: search by name or key.")).toBeVisible();
  expect(within(list).getByText("Supplier 205")).toBeVisible();
  expect(asked("StartWhatIf")).toEqual([]);
  await user.click(screen.getByText("Compare"));
  const supplierId = server.world.suppliers.at(-1)?.id;
  await waitFor(() =>
    expect(asked("StartWhatIf")[0]?.variables).toMatchObject({
      input: { connections: [{ supplierId, active: false }] },
    }),
  );
});
