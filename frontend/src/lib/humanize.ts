/** Shopify's constants for people: PARTIALLY_REFUNDED becomes "Partially refunded". */
export function humanize(constant: string): string {
  const words = constant.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
