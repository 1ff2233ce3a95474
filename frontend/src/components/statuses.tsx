/** Every state of the schema with its tone: a new value fails the type check here. */
import { useTranslation } from "react-i18next";
import type { EnumOf } from "../gql/graphql";
import { StatusBadge, type Tone } from "./status-badge";

type OrderStatus = EnumOf<"OrderStatus">;
type PurchaseOrderStatus = EnumOf<"PurchaseOrderStatus">;
type ShipmentState = EnumOf<"ShipmentState">;
type UnitState = EnumOf<"UnitState">;
type ExceptionKind = EnumOf<"ExceptionKind">;
type PlanOutcome = EnumOf<"PlanOutcome">;

/** In the order in which a filter offers them. */
export const ORDER_TONES = {
  NEEDS_ATTENTION: "bad",
  AWAITING_ROUTING: "info",
  WITH_SUPPLIER: "progress",
  PARTLY_SHIPPED: "progress",
  SHIPPED: "good",
  WAITING: "neutral",
  HELD: "warn",
  NOT_ROUTABLE: "neutral",
  FULFILLED_OUTSIDE: "neutral",
  CANCELLED: "neutral",
} as const satisfies Record<OrderStatus, Tone>;

const PURCHASE_ORDER_TONES = {
  DRAFT: "neutral",
  PLACING: "info",
  OUTCOME_UNKNOWN: "bad",
  PLACED: "info",
  ACCEPTED: "progress",
  PARTLY_SHIPPED: "progress",
  SHIPPED: "good",
  REJECTED: "bad",
  CANCEL_REQUESTED: "warn",
  CANCELLED: "neutral",
} as const satisfies Record<PurchaseOrderStatus, Tone>;

const SHIPMENT_TONES = {
  RECORDED: "info",
  WAITING_FOR_KIT: "warn",
  PUSHING: "info",
  FULFILLED: "good",
  FAILED: "bad",
} as const satisfies Record<ShipmentState, Tone>;

export const UNIT_TONES = {
  SHIPPED: "good",
  FULFILLED_OUTSIDE: "neutral",
  ALLOCATED: "progress",
  AWAITING_ROUTING: "info",
  HELD: "warn",
  IN_EXCEPTION: "bad",
  NOT_OURS: "neutral",
  CANCELLED: "neutral",
} as const satisfies Record<UnitState, Tone>;

export const EXCEPTION_TONES = {
  UNMAPPED_LINE: "warn",
  NO_ELIGIBLE_SUPPLIER: "warn",
  PRICE_ROSE: "warn",
  SUPPLIER_REJECTED: "bad",
  OUTCOME_UNKNOWN: "bad",
  FULFILLED_BY_HAND: "info",
  FULFILLMENT_REFUSED: "bad",
  FULFILLMENT_UNCLEAR: "bad",
  CANCEL_REFUSED: "bad",
  PLACEMENT_REFUSED: "bad",
  REVIEW: "info",
  SUPPLIER_SILENT: "warn",
  JOB_FAILED: "bad",
  OTHER: "neutral",
} as const satisfies Record<ExceptionKind, Tone>;

const PLAN_TONES = {
  ALLOCATED: "good",
  UNMAPPED: "warn",
  NO_ELIGIBLE_SUPPLIER: "warn",
  PRICE_ROSE: "warn",
} as const satisfies Record<PlanOutcome, Tone>;

export function OrderStatusBadge({ status }: { status: OrderStatus }) {
  const { t } = useTranslation();
  return <StatusBadge tone={ORDER_TONES[status]}>{t(`orderStatus.${status}`)}</StatusBadge>;
}

export function PurchaseOrderStatusBadge({ status }: { status: PurchaseOrderStatus }) {
  const { t } = useTranslation();
  return (
    <StatusBadge tone={PURCHASE_ORDER_TONES[status]}>
      {t(`purchaseOrderStatus.${status}`)}
    </StatusBadge>
  );
}

export function ShipmentStateBadge({ state }: { state: ShipmentState }) {
  const { t } = useTranslation();
  return <StatusBadge tone={SHIPMENT_TONES[state]}>{t(`shipmentState.${state}`)}</StatusBadge>;
}

export function ExceptionKindBadge({ kind }: { kind: ExceptionKind }) {
  const { t } = useTranslation();
  return <StatusBadge tone={EXCEPTION_TONES[kind]}>{t(`exceptionKind.${kind}`)}</StatusBadge>;
}

export function PlanOutcomeBadge({ outcome }: { outcome: PlanOutcome }) {
  const { t } = useTranslation();
  return <StatusBadge tone={PLAN_TONES[outcome]}>{t(`planOutcome.${outcome}`)}</StatusBadge>;
}
