/**
 * The browser of the story: Debian's Chromium, its pages in the sizes and colours
 * we promise, and the two checks that every page must pass.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const SIZES = { phone: { width: 360, height: 800 }, desk: { width: 1440, height: 900 } };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/**
 * Serious findings of axe on the page as it stands, one line each.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function seriousViolations(page) {
  await page.evaluate(axe); // not as a script tag: the content policy would rightly stop it
  const { violations } = await page.evaluate(() =>
    // @ts-expect-error axe is there since the line above
    window.axe.run(document, { resultTypes: ["violations"] }),
  );
  return violations
    .filter((/** @type {any} */ { impact }) => impact === "serious" || impact === "critical")
    .map(
      (/** @type {any} */ { id, help, nodes }) =>
        `${id}: ${help} at ${nodes
          .slice(0, 3)
          .map((/** @type {any} */ node) => node.target.join(" "))
          .join(" | ")}`,
    );
}

/**
 * How far the page is wider than the window; 0 when nothing scrolls sideways.
 * @param {import("playwright-core").Page} page
 */
export function sidewaysOverflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return Math.max(0, scrollWidth - clientWidth);
  });
}
