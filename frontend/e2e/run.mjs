/**
 * The browser story: an owner and a supplier work with the running program as
 * people do. `npm run e2e`, or `npm run e2e -- --mock`.
 * Ends with "N passed, N failed" and a failing exit when anything failed.
 */
import { mkdirSync } from "node:fs";
import { launch, SIZES } from "./browser.mjs";
import { everyPage } from "./every-page.mjs";
import { owner } from "./owner.mjs";
import { supplier } from "./supplier.mjs";
import { startTarget } from "./target.mjs";

const pictures = new URL("./screenshots/", import.meta.url).pathname;
mkdirSync(pictures, { recursive: true });

const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);
const target = await startTarget();
const browser = await launch();
let passed = 0;
let failed = 0;

/**
 * One part of the story. The next ones go on after a failure: they tell more.
 * @param {string} name
 * @param {() => Promise<void>} act
 */
async function step(name, act) {
  const started = Date.now();
  try {
    await act();
    passed += 1;
    say(`ok      ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    say(`FAILED  ${name}\n        ${String(error).replaceAll("\n", "\n        ")}`);
    for (const context of browser.contexts()) {
      for (const [index, page] of context.pages().entries()) {
        const file = `${pictures}failed-${failed}-${index}.png`;
        await page.screenshot({ path: file }).catch(() => {});
      }
    }
  }
}

/** What the browser complains about while the story goes on: errors, blocked or foreign loads. */
const complaints = new Set();

/** @param {import("playwright-core").BrowserContextOptions} [options] */
async function open(options) {
  const context = await browser.newContext({
    viewport: SIZES.desk,
    baseURL: target.url,
    ...options,
  });
  context.setDefaultTimeout(15_000);
  context.on("weberror", (error) => complaints.add(`page error: ${error.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.add(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(target.url) && !url.startsWith("data:")) complaints.add(`asked ${url}`);
  });
  return context.newPage();
}

/** @typedef {{ step: typeof step, open: typeof open, notes: Map<string, string> }} Story */
/** @type {Story} */
const story = { step, open, notes: new Map() };

try {
  await owner(story);
  await supplier(story);
  await everyPage(story);
  await step("the browser had nothing to complain about", async () => {
    if (complaints.size > 0) throw new Error([...complaints].join("\n"));
  });
} finally {
  await browser.close();
  await target.stop();
}
if (failed > 0 && target.log()) say(`what the program said last:\n${target.log().slice(-4000)}`);
say(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
