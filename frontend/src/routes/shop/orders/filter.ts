/** From the address to the API's filter. */
import { ORDER_TONES } from "../../../components/statuses";
import type { EnumOf } from "../../../gql/graphql";

export interface OrdersSearch {
  status?: string | undefined;
  q?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  after?: string | undefined;
}

type OrderStatus = EnumOf<"OrderStatus">;

export function statusesOf(text: string | undefined): OrderStatus[] {
  return (text ?? "").split(",").filter((name): name is OrderStatus => name in ORDER_TONES);
}

/** Days are the reader's own: from the start of the first to the end of the last. */
export function asFilter({ status, q, from, to }: OrdersSearch) {
  const statuses = statusesOf(status);
  return {
    ...(statuses.length > 0 && { status: statuses }),
    ...(q && { search: q }),
    ...(from && { createdFrom: startOfDay(from, 0) }),
    ...(to && { createdTo: startOfDay(to, 1) }),
  };
}

function startOfDay(day: string, plusDays: number): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + plusDays);
  return date.toISOString();
}
