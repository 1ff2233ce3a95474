/** A short name for a parcel, unlike any other. */
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

export function parcelReference(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return `P-${[...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join("")}`;
}
