/** Every page in light and dark, on a phone and a desk: fits, named, and clean for axe. */
import { SIZES, seriousViolations, sidewaysOverflow } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * Where a list's first row leads.
 * @param {Page} page
 * @param {string} path
 */
async function firstRow(page, path) {
  await page.goto(path);
  const link = page.locator("[data-row-link][href]").first();
  await link.waitFor();
  return (await link.getAttribute("href")) ?? path;
}

/**
 * Landmarks and one title, so that a screen reader finds its way.
 * @param {Page} page
 */
async function landmarks(page) {
  const missing = [];
  if ((await page.getByRole("main").count()) !== 1) missing.push("one main");
  if ((await page.getByRole("heading", { level: 1 }).count()) !== 1) missing.push("one title");
  if ((await page.getByRole("navigation", { name: "Main" }).count()) !== 1) {
    missing.push("the navigation");
  }
  if ((await page.getByRole("banner").count()) !== 1) missing.push("the header");
  if (!(await page.title()).endsWith("Orderyard")) missing.push("a name for the tab");
  return missing;
}

/**
 * @param {Page} page
 * @param {string} path
 */
async function findings(page, path) {
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => !document.querySelector("main [role=status][aria-label]"));
  const overflow = await sidewaysOverflow(page);
  const axe = await seriousViolations(page);
  // On a phone the navigation is folded away until it is opened.
  const named = (page.viewportSize()?.width ?? 0) > 600 ? await landmarks(page) : [];
  return [
    ...axe.map((finding) => `${path}: ${finding}`),
    ...named.map((missing) => `${path}: without ${missing}`),
    ...(overflow > 0 ? [`${path}: ${overflow}px wider than the window`] : []),
  ];
}

/** @param {import("./run.mjs").Story} story */
export async function everyPage({ step, open }) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      const options = { viewport, colorScheme, reducedMotion: /** @type {const} */ ("reduce") };
      await step(`the dashboard's pages, ${size}, ${colorScheme}`, async () => {
        const page = await open(options);
        const found = await findings(page, "/sign-in").then((all) =>
          all.filter((finding) => !/navigation|header/.test(finding)),
        );
        await page.getByRole("button", { name: /as the owner of/ }).click();
        await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
        const paths = [
          "/",
          "/exceptions",
          "/orders",
          "/suppliers",
          "/mappings",
          "/mappings/matches",
          "/rules",
          "/what-if",
          "/given-up",
          "/settings",
        ];
        paths.push(await firstRow(page, "/orders?status=SHIPPED"));
        paths.push(await firstRow(page, "/suppliers"));
        for (const path of paths) found.push(...(await findings(page, path)));
        await page.context().close();
        if (found.length > 0) throw new Error(found.join("\n"));
      });
      await step(`the portal's pages, ${size}, ${colorScheme}`, async () => {
        const page = await open(options);
        await page.goto("/sign-in");
        await page.getByRole("button", { name: /as the supplier Hillside/ }).click();
        await page.getByRole("heading", { level: 1, name: "New" }).waitFor();
        const paths = ["/portal", "/portal?bucket=TO_SHIP", "/portal?bucket=DONE"];
        paths.push(await firstRow(page, "/portal?bucket=DONE"));
        const found = [];
        for (const path of paths) found.push(...(await findings(page, path)));
        await page.context().close();
        if (found.length > 0) throw new Error(found.join("\n"));
      });
    }
  }
}
