import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { renderApp } from "../../../../test/render";
import { asFilter } from "./filter";

const rows = async () =>
  within(await screen.findByRole("table", { name: "Orders" }))
    .getAllByRole("row")
    .slice(1);

afterEach(() => vi.useRealTimers());

describe("the list of orders", () => {
  it("shows what the address asks for", async () => {
    renderApp("/orders?status=HELD,NOT_ROUTABLE", { session: "staff" });
    const shown = await rows();
    expect(shown).toHaveLength(3);
    expect(shown[0]).toHaveTextContent("#1037");
    expect(shown[0]).toHaveTextContent("On hold");
  });

  it("writes a search into the address, once the typing stops", async () => {
    const { user, path, asked } = renderApp("/orders", { session: "staff" });
    await rows();
    await user.type(screen.getByRole("searchbox", { name: "Search orders" }), "1042");
    await waitFor(() => expect(path()).toBe("/orders?q=1042"));
    await waitFor(async () => expect(await rows()).toHaveLength(1));
    expect(asked("Orders").length).toBeLessThan(4);
  });

  it("offers to clear filters that find nothing", async () => {
    const { user, path } = renderApp("/orders?q=nothing-like-this", { session: "staff" });
    await user.click(await screen.findByRole("button", { name: "Clear the filters" }));
    expect((await rows()).length).toBe(25);
    expect(path()).toBe("/orders");
  });

  it("pages on by cursor, and back to the start", async () => {
    const { user, path } = renderApp("/orders", { session: "staff" });
    const first = (await rows())[0]?.textContent;
    await user.click(screen.getByRole("button", { name: "Next" }));
    await waitFor(async () => expect((await rows())[0]?.textContent).not.toBe(first));
    expect(path()).toBe("/orders?after=24");
    await user.click(screen.getByRole("button", { name: "First page" }));
    await waitFor(async () => expect((await rows())[0]?.textContent).toBe(first));
  });

  it("lets a new order appear by itself, while the page is seen", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { server } = renderApp("/orders", { session: "staff" });
    expect((await rows())[0]).toHaveTextContent("#1050");
    server.world.arrive();

    const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await rows())[0]).toHaveTextContent("#1050");
    visibility.mockReturnValue("visible");
    await vi.advanceTimersByTimeAsync(15_000);
    await waitFor(async () => expect((await rows())[0]).toHaveTextContent("#1051"));
    visibility.mockRestore();
  });

  it("keeps the rows when a later question fails, and says so", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { fail } = renderApp("/orders", { session: "staff" });
    await rows();
    fail("Orders", 503);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await screen.findByRole("alert")).toHaveTextContent("Orderyard is busy");
    expect((await rows()).length).toBe(25);
  });

  it("walks the rows by keyboard and opens one", async () => {
    const { user, path } = renderApp("/orders", { session: "staff" });
    const second = within((await rows())[1] as HTMLElement).getByRole("link");
    await user.keyboard("jj");
    expect(second).toHaveFocus();
    await user.keyboard("k");
    await user.keyboard("j{Enter}");
    await waitFor(() => expect(path()).toBe(second.getAttribute("href")));
  });

  it("goes elsewhere by keyboard, but not while one types", async () => {
    const { user, path } = renderApp("/orders", { session: "staff" });
    await rows();
    await user.keyboard("/");
    expect(screen.getByRole("searchbox")).toHaveFocus();
    await user.keyboard("gm");
    await waitFor(() => expect(path()).toBe("/orders?q=gm"));
    await user.keyboard("{Escape}gm");
    await waitFor(() => expect(path()).toBe("/mappings"));
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });
});

describe("asFilter", () => {
  it("drops what is no status and closes the last day", () => {
    const filter = asFilter({ status: "HELD,nonsense", from: "2026-11-01", to: "2026-11-02" });
    expect(filter.status).toEqual(["HELD"]);
    expect(new Date(filter.createdTo ?? "").getTime()).toBe(
      new Date("2026-11-03T00:00:00").getTime(),
    );
  });
});
