/**
 * Money, times and counts as the reader's own language writes them. Money comes
 * as minor units with the decimal text beside it; no float is ever made of it.
 */
import { type FragmentOf, graphql, type ResultOf, readFragment } from "../gql/graphql";

export const MoneyFields = graphql(`
  fragment MoneyFields on Money {
    amountMinor
    currency
    decimal
  }
`);

/** An amount as its exact decimal, for forms. */
export function amountOf(money: FragmentOf<typeof MoneyFields>): ResultOf<typeof MoneyFields> {
  return readFragment(MoneyFields, money);
}

function locale(): string {
  return navigator.language;
}

export function formatCount(count: number): string {
  return new Intl.NumberFormat(locale()).format(count);
}

export function formatMoney(money: FragmentOf<typeof MoneyFields>): string {
  const { decimal, currency } = readFragment(MoneyFields, money);
  const digits = decimal.split(".")[1]?.length ?? 0;
  const format = new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // A decimal text is formatted exactly, whatever its size.
  return format.format(decimal as Intl.StringNumericLiteral);
}

/** At most so many decimals. */
export function formatNumber(number: number, decimals: number): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: decimals }).format(number);
}

/** The same with its sign, such as +3 or -0.5. */
export function formatChange(number: number, decimals: number): string {
  const style = { maximumFractionDigits: decimals, signDisplay: "exceptZero" } as const;
  return new Intl.NumberFormat(locale(), style).format(number);
}

/** How much more the second is, with its sign: minor units are subtracted, never decimals. */
export function formatDifference(
  before: { amountMinor: number } & FragmentOf<typeof MoneyFields>,
  after: { amountMinor: number } & FragmentOf<typeof MoneyFields>,
): string {
  const { decimal, currency } = readFragment(MoneyFields, after);
  const digits = decimal.split(".")[1]?.length ?? 0;
  const minor = after.amountMinor - before.amountMinor;
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  const exact = digits > 0 ? `${whole}.${text.slice(-digits)}` : whole;
  const format = new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: "exceptZero",
  });
  return format.format(`${minor < 0 ? "-" : ""}${exact}` as Intl.StringNumericLiteral);
}

const DAY = 86_400;

/** What is left, such as 9:05 or 1:02:03. */
export function formatCountdown(seconds: number): string {
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Days are the calendar's: at noon, 30 hours ago is "yesterday", 40 hours "2 days ago". */
export function formatRelative(at: Date, now: Date): string {
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size >= 365 * DAY) return format.format(Math.trunc(seconds / (365 * DAY)), "year");
  if (size >= 60 * DAY) return format.format(Math.trunc(seconds / (30 * DAY)), "month");
  if (size >= DAY) return format.format(calendarDays(at) - calendarDays(now), "day");
  if (size >= 3600) return format.format(Math.trunc(seconds / 3600), "hour");
  if (size >= 60) return format.format(Math.trunc(seconds / 60), "minute");
  return format.format(0, "second");
}

function calendarDays(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / (DAY * 1000);
}

export function formatDateTime(at: Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(at);
}

export function formatDate(at: Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(at);
}

export function formatCountry(code: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
