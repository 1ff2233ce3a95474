/**
 * Pictures of every page, light and dark, phone and desk, against the mock
 * (`npm run preview:mock`): for looking at, and for finding what axe dislikes.
 */
import { mkdirSync } from "node:fs";
import { launch, SIZES, seriousViolations, sidewaysOverflow } from "./browser.mjs";

const base = process.env.GALLERY_URL ?? "http://localhost:4173";
const only = process.argv[2];
const folder = new URL("./screenshots/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

/** @param {string} query @param {string | undefined} session @param {Record<string, unknown>} [variables] */
async function ask(query, session, variables) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: session ? { cookie: `mock=${session}` } : {},
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()).data;
}

const { orders, suppliers } = await ask(
  "{ orders(first: 100) { nodes { id name } } suppliers { nodes { id key } } }",
  "staff",
);
const { purchaseOrders } = await ask(
  "{ purchaseOrders(first: 100) { nodes { id number } } }",
  "supplier:hillside",
);
/** @param {string} name */
const order = (name) => orders.nodes.find((/** @type {any} */ row) => row.name === name).id;
/** @param {string} key */
const supplier = (key) => suppliers.nodes.find((/** @type {any} */ row) => row.key === key).id;
/** @param {string} number */
const purchaseOrder = (number) =>
  purchaseOrders.nodes.find((/** @type {any} */ row) => row.number === number).id;

/** @typedef {import("playwright-core").Page} Page */

/** @type {Record<string, [path: string, session: string, act?: (page: Page) => Promise<unknown>]>} */
const PAGES = {
  "sign-in": ["/sign-in", ""],
  invitation: ["/invitation/4f9d2c71a8e34b6d", ""],
  "invitation-gone": ["/invitation/expired", ""],
  home: ["/", "staff"],
  exceptions: ["/exceptions", "staff"],
  orders: ["/orders", "staff"],
  "orders-none": ["/orders?q=nothing-like-this", "staff"],
  order: [`/orders/${order("#1035")}`, "staff"],
  "order-unmapped": [`/orders/${order("#1045")}`, "staff"],
  "order-held": [`/orders/${order("#1036")}`, "staff"],
  "order-review": [`/orders/${order("#1033")}`, "staff"],
  "order-undo": [`/orders/${order("#1034")}`, "staff"],
  suppliers: ["/suppliers", "staff"],
  supplier: [`/suppliers/${supplier("hillside")}`, "staff"],
  "supplier-http": [`/suppliers/${supplier("north")}`, "staff"],
  "supplier-outage": [`/suppliers/${supplier("cargo")}`, "staff"],
  mappings: ["/mappings", "staff"],
  matches: [
    "/mappings/matches",
    "staff",
    async (page) => {
      await page.getByRole("button", { name: "Look for matches" }).click();
      await page.getByText("With a doubt").click();
      await page.getByRole("checkbox").first().check();
    },
  ],
  "dialog-mapping-file": [
    "/mappings",
    "staff",
    (page) => page.getByRole("button", { name: "Import or export" }).click(),
  ],
  "dialog-mapping-dearer": [
    "/mappings?q=kettle",
    "staff",
    (page) =>
      page
        .getByRole("button", { name: /^Change the mapping of/ })
        .first()
        .click(),
  ],
  "dialog-mapping": [
    "/mappings?q=tee",
    "staff",
    (page) => page.getByRole("button", { name: /^Change the mapping of Meadow/ }).click(),
  ],
  rules: ["/rules", "staff"],
  "dialog-rule": [
    "/rules",
    "staff",
    (page) => page.getByRole("button", { name: "Switzerland from Hillside", exact: true }).click(),
  ],
  "dialog-rule-text": [
    "/rules",
    "staff",
    async (page) => {
      await page.getByRole("button", { name: "Safety buffer", exact: true }).click();
      await page.getByText("Text", { exact: true }).click();
      await page
        .getByRole("textbox", { name: "Condition" })
        .fill('supplier.key == "north"\n  and order.county == "Kent"');
      await page.getByText("there is no", { exact: false }).waitFor();
    },
  ],
  "dialog-rule-version": [
    "/rules",
    "staff",
    (page) => page.getByRole("button", { name: "Look at version 1" }).click(),
  ],
  "what-if": ["/what-if", "staff"],
  "what-if-run": [
    "/what-if",
    "staff",
    async (page) => {
      await page.locator("[data-row-link][href^='/what-if/']").first().click();
      await page.getByRole("table", { name: "Orders that change" }).waitFor();
    },
  ],
  "what-if-progress": [
    "/what-if",
    "staff",
    async (page) => {
      await page.getByRole("button", { name: "Compare" }).click();
      await page.getByRole("table", { name: "Orders that change" }).waitFor();
    },
  ],
  "dialog-what-if-supplier": [
    "/what-if",
    "staff",
    (page) => page.getByRole("button", { name: "Change Hillside Pottery in the draft" }).click(),
  ],
  settings: ["/settings", "staff"],
  "not-found": ["/no-such-page", "staff"],
  portal: ["/portal", "supplier:hillside"],
  "portal-late": ["/portal?bucket=PAST_SHIP_BY", "supplier:hillside"],
  "portal-new": [`/portal/purchase-orders/${purchaseOrder("DEMO-1043-1")}`, "supplier:hillside"],
  "portal-ship": [`/portal/purchase-orders/${purchaseOrder("DEMO-1040-1")}`, "supplier:hillside"],
  "portal-cancel": [`/portal/purchase-orders/${purchaseOrder("DEMO-1041-1")}`, "supplier:hillside"],
  "dialog-map": [
    "/exceptions",
    "staff",
    async (page) => {
      await page.getByRole("button", { name: "Map it here" }).click();
      await page.getByRole("button", { name: /Canvas tote/ }).click();
      await page.getByRole("button", { name: "Add an alternative" }).click();
      await page.getByRole("combobox", { name: "Offer" }).nth(1).fill("mug");
      await page.getByRole("option").first().waitFor();
    },
  ],
  "dialog-note": [
    "/exceptions",
    "staff",
    async (page) => {
      await page.getByRole("button", { name: "Mark handled" }).first().click();
      await page.getByRole("dialog").getByRole("button", { name: "Mark handled" }).click();
    },
  ],
  "dialog-cancel": [
    `/orders/${order("#1035")}`,
    "staff",
    async (page) => {
      await page
        .getByRole("button", { name: /^Cancel / })
        .first()
        .click();
      await page.getByRole("dialog").getByRole("button", { name: "Ask to cancel" }).waitFor();
    },
  ],
  "dialog-choose": [
    "/exceptions",
    "staff",
    (page) =>
      page
        .getByRole("article", { name: /^Supplier rejected/ })
        .getByRole("button", { name: "Choose supplier" })
        .click(),
  ],
  "navigation-open": [
    "/orders",
    "staff",
    async (page) => {
      const burger = page.getByRole("button", { name: "Open navigation" });
      if (await burger.isVisible()) await burger.click();
    },
  ],
  "dialog-keys": ["/orders", "staff", (page) => page.keyboard.press("?")],
  "dialog-offer": [
    `/suppliers/${supplier("hillside")}`,
    "staff",
    (page) => page.getByRole("button", { name: "Stoneware mug" }).click(),
  ],
  "dialog-supplier": [
    "/suppliers",
    "staff",
    async (page) => {
      await page.getByRole("button", { name: "Add a supplier" }).click();
      await page.getByRole("radio", { name: "HTTP" }).check();
    },
  ],
  "portal-reject": [
    `/portal/purchase-orders/${purchaseOrder("DEMO-1043-1")}`,
    "supplier:hillside",
    async (page) => {
      await page.getByRole("button", { name: "Reject something…" }).click();
      await page.getByRole("textbox", { name: /How many/ }).fill("1");
      await page.getByRole("button", { name: "Send the answer" }).click();
    },
  ],
  "portal-other-carrier": [
    `/portal/purchase-orders/${purchaseOrder("DEMO-1040-1")}`,
    "supplier:hillside",
    async (page) => {
      await page.getByRole("combobox", { name: "Carrier" }).fill("Riksha Kurier");
      await page.getByRole("textbox", { name: "Tracking address" }).fill("riksha");
    },
  ],
};

const browser = await launch();
let findings = 0;
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    for (const [name, [path, session, act]] of Object.entries(PAGES)) {
      if (only && !name.match(only)) continue;
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
      if (session) await context.addCookies([{ name: "mock", value: session, url: base }]);
      const page = await context.newPage();
      page.on("pageerror", (error) => process.stdout.write(`${name}: ${error}\n`));
      page.on("console", (message) => {
        if (message.type() === "error") process.stdout.write(`${name}: ${message.text()}\n`);
      });
      await page.goto(base + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await act?.(page);
      const overflow = await sidewaysOverflow(page);
      for (const finding of await seriousViolations(page)) {
        findings += 1;
        process.stdout.write(`${name} ${size} ${colorScheme}: ${finding}\n`);
      }
      if (overflow > 0) {
        findings += 1;
        process.stdout.write(`${name} ${size}: ${overflow}px too wide\n`);
      }
      await page.screenshot({
        path: `${folder}${name}-${size}-${colorScheme}.png`,
        fullPage: !name.startsWith("dialog"),
      });
      await context.close();
    }
  }
}
await browser.close();
process.stdout.write(`${findings} findings\n`);
process.exit(findings > 0 ? 1 : 0);
