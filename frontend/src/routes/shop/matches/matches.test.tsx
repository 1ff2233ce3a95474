import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderApp } from "../../../../test/render";

const table = () => screen.findByRole("table", { name: "Matches" });

describe("matches", () => {
  it("are looked for, and accepted one by one", async () => {
    const { user, server } = renderApp("/mappings/matches", { session: "staff" });
    expect(await screen.findByText("No matches here")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Look for matches" }));
    const accept = await within(await table()).findByRole("button", {
      name: /^Accept .* for Market tote/,
    });
    await user.click(accept);
    await waitFor(() =>
      expect(server.world.variants.find(({ sku }) => sku === "TOTE-01")?.mapping).not.toBeNull(),
    );
  });

  it("with a doubt say why, and are refused together", async () => {
    const { user, asked, server } = renderApp("/mappings/matches?show=doubtful", {
      session: "staff",
    });
    await user.click(await screen.findByRole("button", { name: "Look for matches" }));
    expect(await within(await table()).findByText(/the barcodes differ/)).toBeVisible();
    await user.click(screen.getByRole("checkbox", { name: /Fig leaf candle/ }));
    await user.click(screen.getByRole("button", { name: "Refuse 1" }));
    await waitFor(() => expect(asked("RefuseMatches")).toHaveLength(1));
    expect(server.world.proposals.every(({ certain }) => certain)).toBe(true);
    expect(server.world.variants.find(({ sku }) => sku === "CANDLE-FIG")?.mapping).toBeNull();
  });
});
