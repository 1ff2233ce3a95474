import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../../test/render";

const card = (name: RegExp) => screen.findByRole("article", { name });

describe("what was given up", () => {
  it("tries work again without a question", async () => {
    const { user, asked } = renderApp("/given-up", { session: "staff" });
    const job = await card(/Push fulfillment, #/);
    expect(job).toHaveTextContent("Shopify answered 502 Bad Gateway");
    expect(job).toHaveTextContent("12 tries");
    await user.click(within(job).getByRole("button", { name: /^Try again/ }));
    await waitFor(() => expect(job).not.toBeInTheDocument());
    expect(asked("RequeueJob")).toHaveLength(1);
  });

  it("dismisses work only after a question", async () => {
    const { user, asked } = renderApp("/given-up", { session: "staff" });
    const job = await card(/Sync variants/);
    await user.click(within(job).getByRole("button", { name: /^Dismiss/ }));
    const dialog = await screen.findByRole("dialog");
    expect(asked("DismissJob")).toHaveLength(0);
    await user.click(within(dialog).getByRole("button", { name: "Dismiss" }));
    await waitFor(() => expect(job).not.toBeInTheDocument());
    expect(screen.getByRole("heading", { level: 1 })).toHaveFocus();
  });

  it("shows what a delivery said where it may, and reads it again", async () => {
    const { user } = renderApp("/given-up", { session: "staff" });
    const unreadable = await card(/orders\/updated/);
    expect(unreadable).toHaveTextContent('{"id": 5510022, "na');
    const foreign = await card(/orders\/create/);
    expect(foreign).toHaveTextContent("Names another shop");
    expect(within(foreign).queryByRole("button")).toBeNull();
    await user.click(within(unreadable).getByRole("button", { name: /^Read again/ }));
    await waitFor(() => expect(unreadable).not.toBeInTheDocument());
  });

  it("says when somebody else was faster", async () => {
    const { user, server } = renderApp("/given-up", { session: "staff" });
    const job = await card(/Sync variants/);
    server.world.deadJobs.length = 0;
    await user.click(within(job).getByRole("button", { name: /^Try again/ }));
    expect(await screen.findByText(/was not found/)).toBeVisible();
  });

  it("is content when nothing was given up", async () => {
    renderApp("/given-up", {
      session: "staff",
      arrange: ({ world }) => {
        world.deadJobs.length = 0;
        world.lostDeliveries.length = 0;
      },
    });
    expect(await screen.findByText("Nothing was given up")).toBeVisible();
    expect(await screen.findByText("Every delivery was read")).toBeVisible();
  });
});
