import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { manySuppliers } from "../../../../test/many-suppliers";
import { renderApp } from "../../../../test/render";

afterEach(() => {
  vi.useRealTimers();
});

it("saves each switch as it is turned", async () => {
  const { user, asked, server } = renderApp("/settings", { session: "staff" });
  await user.click(await screen.findByRole("switch", { name: /Let Shopify notify/ }));
  await waitFor(() => expect(server.world.shop.settings.notifyCustomer).toBe(false));
  expect(asked("UpdateSettings")[0]?.variables).toEqual({ input: { notifyCustomer: false } });

  await user.click(screen.getByRole("radio", { name: /first component ships/ }));
  await waitFor(() => expect(server.world.shop.settings.kitFulfillment).toBe("FIRST_COMPONENT"));
});

it("takes a switch back when the server refuses it, and says why", async () => {
  const app = renderApp("/settings", { session: "staff" });
  const automation = await screen.findByRole("switch", { name: /Route and place/ });
  expect(automation).toBeChecked();
  app.fail("UpdateSettings", { code: "FORBIDDEN", message: "no" });
  await app.user.click(automation);
  expect(await screen.findByRole("alert")).toHaveTextContent("Your account may not do this");
  await waitFor(() => expect(automation).toBeChecked());
});

it("chooses locations, or all of them again", async () => {
  const { user, asked, server } = renderApp("/settings", { session: "staff" });
  await user.click(await screen.findByRole("checkbox", { name: /Kreuzberg/ }));
  await waitFor(() =>
    expect(server.world.shop.locations.every(({ selected }) => selected)).toBe(true),
  );
  await user.click(screen.getByRole("switch", { name: "All locations" }));
  await waitFor(() => expect(server.world.shop.settings.allLocations).toBe(true));
  await waitFor(() =>
    expect(screen.queryByRole("checkbox", { name: /Kreuzberg/ })).not.toBeInTheDocument(),
  );
  expect(asked("UpdateSettings").at(-1)?.variables).toEqual({ input: { allLocations: true } });
});

it("sets what waits before it is sent", async () => {
  const { user, asked } = renderApp("/settings", { session: "staff" });
  const undo = await screen.findByRole("region", { name: "Time to undo" });
  await user.clear(within(undo).getByLabelText("Minutes"));
  await user.type(within(undo).getByLabelText("Minutes"), "5");
  await user.click(within(undo).getByRole("button", { name: "Save" }));
  await waitFor(() =>
    expect(asked("UpdateSettings")[0]?.variables).toEqual({ input: { undoMinutes: 5 } }),
  );
  const review = screen.getByRole("region", { name: "Review before sending" });
  await user.click(within(review).getByRole("checkbox", { name: /first order/ }));
  await user.type(within(review).getByLabelText(/Orders above/), "500.00");
  await user.click(within(review).getByRole("button", { name: "Save" }));
  const wanted = { firstOrder: false, risk: true, above: "500.00", tags: ["check"] };
  await waitFor(() =>
    expect(asked("UpdateSettings")[1]?.variables).toEqual({ input: { review: wanted } }),
  );
});

it("has what can still be undone decided anew, where there is a time to undo", async () => {
  const { user, asked } = renderApp("/settings", {
    session: "staff",
    arrange: ({ world }) => {
      world.shop.settings.undoMinutes = 10;
    },
  });
  const undo = await screen.findByRole("region", { name: "Time to undo" });
  await user.click(within(undo).getByRole("button", { name: "Decide anew now" }));
  await waitFor(() => expect(asked("ReplanOrders")).toHaveLength(1));
  expect(await screen.findByText(/is being decided anew/)).toBeVisible();
});

it("invites a colleague", async () => {
  const { user } = renderApp("/settings", { session: "staff" });
  const staff = await screen.findByRole("region", { name: "Staff" });
  await user.type(within(staff).getByLabelText(/Invite a colleague/), "kim@meadow.example{Enter}");
  expect(await within(staff).findByText(/\/invitation\//)).toBeVisible();
});

it("saves the strategy, and shows a problem at its field", async () => {
  const { user, server } = renderApp("/settings", { session: "staff" });
  const routing = await screen.findByRole("region", { name: "Routing" });
  const parcel = await within(routing).findByLabelText("Each parcel");
  await user.clear(parcel);
  await user.type(parcel, "1.20");
  await user.click(within(routing).getByRole("button", { name: "Save" }));
  await waitFor(() => expect(server.world.shop.settings.routing.weights.perParcel).toBe("1.20"));

  await user.click(within(routing).getByRole("combobox", { name: "Strategy" }));
  await user.click(await screen.findByRole("option", { name: "balanced share" }));
  await user.click(within(routing).getByRole("button", { name: "Save" }));
  expect(await within(routing).findAllByText(/The shares are 100 percent in all/)).not.toHaveLength(
    0,
  );
});

it("dates a new rate by the shop's calendar, which rates count by", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-22T02:00:00Z") });
  const { user } = renderApp("/settings", {
    session: "staff",
    arrange: ({ world }) => {
      world.shop.timeZone = "America/Los_Angeles";
    },
  });
  const routing = await screen.findByRole("region", { name: "Routing" });
  await user.click(await within(routing).findByRole("button", { name: "Add a rate" }));
  expect(
    within(routing)
      .getAllByLabelText(/^As of/)
      .at(-1),
  ).toHaveValue("2026-11-21");
});

it("gives a share to any supplier, however many pages of them there are", async () => {
  const { user } = renderApp("/settings", {
    session: "staff",
    arrange: (server) => {
      manySuppliers(server);
      server.world.shop.settings.routing.strategy = "BALANCED_SHARE";
    },
  });
  const routing = await screen.findByRole("region", { name: "Routing" });
  await user.click(await within(routing).findByRole("button", { name: "Add a share" }));
  await user.type(within(routing).getByRole("combobox", { name: "Supplier 1" }), "205");
  await user.click(await screen.findByRole("option", { name: "Supplier 205" }));
  expect(within(routing).getByRole("combobox", { name: "Supplier 1" })).toHaveValue("Supplier 205");
});

it("names each field of a list by its row, and each button by what it removes", async () => {
  const { user } = renderApp("/settings", {
    session: "staff",
    arrange: ({ world }) => {
      world.shop.settings.routing.strategy = "BALANCED_SHARE";
    },
  });
  const routing = await screen.findByRole("region", { name: "Routing" });
  const names = (title: string) =>
    within(within(routing).getByRole("group", { name: title }))
      .getAllByRole("button", { name: /^Remove/ })
      .map((button) => button.getAttribute("aria-label"));
  for (const addition of ["Add a rate", "Add a share", "Add a share"])
    await user.click(await within(routing).findByRole("button", { name: addition }));
  for (const field of ["1 of", "In", "Rate", "As of"])
    for (const row of [1, 2])
      expect(within(routing).getByLabelText(`${field}, row ${row}`)).toBeVisible();
  expect(within(routing).getByLabelText("Percent, row 2")).toBeVisible();
  expect(names("Exchange rates")).toEqual(["Remove rate 1", "Remove rate 2"]);
  expect(names("Shares of the pieces")).toEqual(["Remove share 1", "Remove share 2"]);
});

it("leaves what the strategy does not show as it stands", async () => {
  const { user, asked, server } = renderApp("/settings", { session: "staff" });
  const routing = await screen.findByRole("region", { name: "Routing" });
  const choose = async (strategy: string) => {
    await user.click(await within(routing).findByRole("combobox", { name: "Strategy" }));
    await user.click(await screen.findByRole("option", { name: strategy }));
  };
  const save = async () => user.click(within(routing).getByRole("button", { name: "Save" }));
  const kept = server.world.shop.settings.routing;
  await choose("balanced share");
  await user.click(within(routing).getByRole("button", { name: "Add a share" }));
  await user.click(within(routing).getByRole("button", { name: "Add a rate" }));
  await choose("fastest");
  await user.type(within(routing).getByLabelText("1 of, row 2"), "CHF");
  await user.type(within(routing).getByLabelText("Rate, row 2"), "1.07");
  await save();
  await waitFor(() => expect(server.world.shop.settings.routing.strategy).toBe("FASTEST"));
  const { shares, rates } = server.world.shop.settings.routing;
  expect(shares).toEqual([]);
  expect(rates).toHaveLength(kept.rates.length + 1);

  await user.clear(within(routing).getByLabelText("Rate, row 2"));
  await choose("by priority");
  await save();
  await waitFor(() => expect(server.world.shop.settings.routing.strategy).toBe("PRIORITY"));
  expect(asked("UpdateRouting").at(-1)?.variables).toMatchObject({ input: { rates } });
});
