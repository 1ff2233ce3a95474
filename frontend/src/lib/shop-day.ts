/** The calendar that a shop's dates count by: its own time zone's, wherever the reader is. */

/** The day it is there, such as 2026-12-01; UTC's where the zone is unknown, as for the server. */
export function shopDay(timeZone: string, at: Date): string {
  const parts = Object.fromEntries(
    calendarOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}`;
}

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  const digits = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat("en-GB", { ...digits, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...digits, timeZone: "UTC" });
  }
}
