/** The supplier's part: a purchase order is accepted and shipped by keyboard alone. */
import { tabTo } from "./keyboard.mjs";

const ARRIVAL_MS = 90_000;
const FULFILLED_MS = 60_000;

/** @param {import("./run.mjs").Story} story */
export async function supplier({ step, open }) {
  const page = await open();
  const tracking = `STORY-${Date.now().toString(36).toUpperCase()}`;
  let number = "";

  await step("a portal supplier signs in with one click", async () => {
    await page.goto("/sign-in");
    await page.getByRole("button", { name: /as the supplier Hillside/ }).click();
    await page.getByRole("heading", { level: 1, name: "New" }).waitFor();
  });

  await step("a new purchase order arrives and opens by keyboard", async () => {
    const table = page.getByRole("table", { name: "New" });
    await table.getByRole("link").first().waitFor({ timeout: ARRIVAL_MS });
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Can you ship this?" }).waitFor();
    number = (await page.getByRole("heading", { level: 1 }).textContent()) ?? "";
  });

  await step("it is accepted by keyboard alone", async () => {
    await tabTo(page, /^Accept all$/);
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Ship a parcel" }).waitFor();
  });

  await step("it is shipped by keyboard alone", async () => {
    await tabTo(page, /^Carrier/);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("DHL Express");
    await tabTo(page, /^Tracking number/);
    await page.keyboard.type(tracking);
    await tabTo(page, /^Ship \d+ unit/);
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Parcels" }).getByText(tracking).waitFor();
    await page.getByRole("region", { name: "Ship a parcel" }).waitFor({ state: "detached" });
  });

  await step("the purchase order is done, and what remains to do is elsewhere", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.getByRole("heading", { level: 1, name: "Done" }).waitFor();
    await page.getByRole("link", { name: number, exact: true }).waitFor();
  });

  await step("the shop's pages are closed to a supplier", async () => {
    await page.goto("/orders");
    await page.getByRole("heading", { level: 1, name: "New" }).waitFor();
  });

  await page.context().close();
  await step("the owner sees the tracking, and Shopify has it", async () => {
    const shop = await open();
    await shop.goto("/sign-in");
    await shop.getByRole("button", { name: /as the owner of/ }).click();
    await shop.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    // DEMO-1001-2 was made for order #1001.
    const order = number.split("-").at(-2) ?? "";
    await shop.goto(`/orders?q=${encodeURIComponent(order)}`);
    await shop.getByRole("table", { name: "Orders" }).getByRole("link").first().click();
    const parcel = shop
      .getByRole("region", { name: "Shipments" })
      .getByRole("listitem")
      .filter({ hasText: tracking });
    await parcel.waitFor({ timeout: FULFILLED_MS });
    await parcel.getByText("In Shopify").waitFor({ timeout: FULFILLED_MS });
    await shop.context().close();
  });
}
