/** The owner's part: arrive, watch an order ship, understand it, decide what is open. */

const SHIPPED_MS = 90_000;
const EXCEPTION_MS = 90_000;

/** @param {import("./run.mjs").Story} story */
export async function owner({ step, open, notes }) {
  const page = await open();
  const title = (/** @type {string | RegExp} */ name) =>
    page.getByRole("heading", { level: 1, name });

  await step("a stranger is led to the sign-in page", async () => {
    await page.goto("/orders");
    await title("Sign in").waitFor();
    if (!page.url().includes("return=%2Forders")) throw new Error(`no way back in ${page.url()}`);
  });

  await step("the owner signs in with one click, and is back where they wanted to go", async () => {
    await page.getByRole("button", { name: /as the owner of/ }).click();
    await title("Orders").waitFor();
    await page.getByRole("table", { name: "Orders" }).waitFor();
  });

  await step("the skip link leads past the navigation", async () => {
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to content" }).press("Enter");
    const inMain = await page.evaluate(() => document.activeElement?.id === "main");
    if (!inMain) throw new Error("the focus is not in the content");
  });

  await step("an order becomes fulfilled while one watches", async () => {
    const rows = page.getByRole("table", { name: "Orders" }).getByRole("row");
    const shipped = rows.filter({ has: page.getByText("Shipped", { exact: true }) });
    await shipped.first().waitFor({ timeout: SHIPPED_MS });
    await shipped.first().getByRole("link").click();
    await title(/^Order /).waitFor();
    const fulfillments = page.getByRole("region", { name: "Fulfillments in Shopify" });
    await fulfillments.waitFor({ timeout: SHIPPED_MS });
    await page.getByRole("region", { name: "Shipments" }).getByText("In Shopify").first().waitFor();
  });

  await step("the order says why this supplier", async () => {
    const why = page.getByRole("region", { name: "Why this supplier" });
    await why.getByText("Supplier found").first().waitFor();
    await why
      .getByText(/ from /)
      .first()
      .waitFor();
    const text = (await why.textContent()) ?? "";
    if (text.length < 60) throw new Error(`that is no reason: ${text}`);
  });

  await step("the order's history tells who did what", async () => {
    const history = page.getByRole("region", { name: "History" });
    await history.getByRole("listitem").first().waitFor();
    if ((await history.getByRole("listitem").count()) < 3) throw new Error("hardly any history");
  });

  await step("an unmapped line is mapped where it is reported, and goes on", async () => {
    await page
      .getByRole("link", { name: /^Needs attention/ })
      .first()
      .click();
    await title("Needs attention").waitFor();
    const card = page.getByRole("article", { name: /^No mapping/ }).first();
    await card.waitFor({ timeout: EXCEPTION_MS });
    const order = card.getByRole("link", { name: /^#/ });
    const address = (await order.getAttribute("href")) ?? "";
    await card.getByRole("button", { name: "Map it here" }).click();

    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Offer" }).click();
    await page.getByRole("option").first().waitFor();
    const alike = dialog.getByRole("group", { name: "Looks like:" }).getByRole("button");
    if ((await alike.count()) > 0) await alike.first().click();
    else await page.getByRole("option").first().click();
    await dialog.getByRole("button", { name: "Save and route" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Settled: the order goes on.").waitFor();

    await page.goto(address);
    await title(/^Order /).waitFor();
    await page.getByRole("region", { name: "Settled" }).waitFor();
    const lines = page.getByRole("region", { name: "Lines" });
    await lines
      .getByText(/With supplier|Shipped/)
      .last()
      .waitFor({ timeout: EXCEPTION_MS });
    notes.set("order", address);
  });

  await step(
    "a rule is built, checked as text, switched off and had back from the history",
    async () => {
      await page.getByRole("link", { name: "Rules" }).click();
      await title("Rules").waitFor();
      await page.getByRole("button", { name: "Add a rule" }).first().click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox", { name: "Name" }).fill("Nothing to Norway");
      await dialog.getByRole("button", { name: "Add a condition" }).click();
      await dialog.getByRole("textbox", { name: "Value" }).fill("NO");
      await dialog.getByText("Text", { exact: true }).click();
      const text = dialog.getByRole("textbox", { name: "Condition" });
      if ((await text.inputValue()) !== 'order.country == "NO"') throw new Error("built otherwise");
      await text.fill('order.county == "NO"');
      await dialog.getByText("Line 1, column 1: There is no “order.county”.").waitFor();
      await text.fill('order.country == "NO" and order.total > 100000');
      await dialog.getByText("The condition can be read.").waitFor();
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
      const rule = page.getByRole("article", { name: "Nothing to Norway" });
      await rule.getByText("In force").waitFor();
      await rule.getByRole("switch").press("Space");
      await rule.getByText("Off", { exact: true }).waitFor();
      await page
        .getByRole("button", { name: /^Look at version/ })
        .first()
        .click();
      await dialog.getByRole("button", { name: "Go back to these rules" }).click();
      await rule.getByText("In force").waitFor();
    },
  );

  await step("a draft of the routing is compared over past orders", async () => {
    await page.getByRole("link", { name: "What if" }).click();
    await title("What if").waitFor();
    await page.getByRole("combobox", { name: "Strategy" }).click();
    await page.getByRole("option", { name: "fastest" }).click();
    await page.getByText("Different from now: how orders are routed.").waitFor();
    await page.getByRole("button", { name: "Compare" }).click();
    await title("Comparison").waitFor();
    await page.getByText("Done", { exact: true }).waitFor({ timeout: EXCEPTION_MS });
    await page.getByRole("region", { name: "Live and draft" }).getByText("fastest").waitFor();
    await page.getByRole("img", { name: /^Shares of the pieces/ }).waitFor();
    await page.getByRole("region", { name: "Orders that change" }).waitFor();
  });

  await step(
    "matches are looked for, and a file with a mistake is told before it is taken",
    async () => {
      await page.goto("/mappings");
      await page.getByRole("link", { name: "Find matches" }).click();
      await title("Matches").waitFor();
      await page.getByRole("button", { name: "Look for matches" }).click();
      await page.getByText(/Looked at \d+ unmapped variant/).waitFor();
      await page.goto("/mappings");
      await page.getByRole("button", { name: "Import or export" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.locator("input[type=file]").setInputFiles({
        name: "mappings.csv",
        mimeType: "text/csv",
        buffer: Buffer.from("variant_sku;supplier;offer_sku\nNOBODY;nobody;NOTHING\n"),
      });
      await dialog.getByText(/Row 2, variant_sku: The shop has no variant/).waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();
    },
  );

  await step("the list is walked and left by keyboard", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await title("Orders").waitFor();
    await page.getByRole("table", { name: "Orders" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await title(/^Order /).waitFor();
  });

  await page.context().close();
}
