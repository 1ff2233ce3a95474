/** Moving by keyboard as a person would: Tab until the wanted thing has the focus. */

const FAR = 80;

/**
 * What a screen reader would call the focused element, near enough.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string>}
 */
export function focusedName(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return "";
    const label = element.getAttribute("aria-label");
    if (label) return label;
    if (element instanceof HTMLInputElement && element.labels?.length) {
      return [...element.labels].map(({ textContent }) => textContent).join(" ");
    }
    return element.textContent ?? "";
  });
}

/**
 * @param {import("playwright-core").Page} page
 * @param {RegExp} name
 */
export async function tabTo(page, name) {
  const passed = [];
  for (let step = 0; step < FAR; step += 1) {
    await page.keyboard.press("Tab");
    const here = (await focusedName(page)).trim();
    if (name.test(here)) return;
    passed.push(here);
  }
  throw new Error(`Tab never reached ${name}; it passed: ${passed.join(" | ")}`);
}
