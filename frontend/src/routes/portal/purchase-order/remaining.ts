/** What of a purchase order is still to ship: pure. */
import type { EnumOf, ResultOf } from "../../../gql/graphql";
import type { PurchaseOrderFields } from "./query";

export type PurchaseOrder = ResultOf<typeof PurchaseOrderFields>;
export type Line = PurchaseOrder["lines"][number];

export function remaining({ accepted, shipped, cancelled }: Line): number {
  return Math.max(0, accepted - shipped - cancelled);
}

export function totalRemaining({ lines }: PurchaseOrder): number {
  return lines.reduce((sum, line) => sum + remaining(line), 0);
}

/** Nothing more will leave under it. */
export function isClosed({ status }: Pick<PurchaseOrder, "status">): boolean {
  return status === "SHIPPED" || status === "CANCELLED" || status === "REJECTED";
}

/** Where the portal's list has it. */
export function bucketOf(purchaseOrder: PurchaseOrder, now: Date): EnumOf<"PortalBucket"> {
  const { status, shipBy } = purchaseOrder;
  if (isClosed(purchaseOrder)) return "DONE";
  if (status === "CANCEL_REQUESTED") return "CANCEL_REQUESTED";
  if (status === "PLACED") return "NEW";
  return shipBy && new Date(shipBy) < now ? "PAST_SHIP_BY" : "TO_SHIP";
}
