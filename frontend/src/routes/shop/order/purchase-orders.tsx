/** The purchase orders that came of an order; one that can still be stopped can be cancelled. */
import { Button, Group, Text, Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { TextLink } from "../../../components/links";
import { MoneyText } from "../../../components/money";
import { Section } from "../../../components/section";
import { PurchaseOrderStatusBadge } from "../../../components/statuses";
import { RelativeTime } from "../../../components/time";
import {
  type EnumOf,
  type FragmentOf,
  graphql,
  type ResultOf,
  readFragment,
} from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { formatCountdown, MoneyFields } from "../../../lib/format";
import { useRequiredText } from "../../../lib/required-text";
import { tell } from "../../../lib/tell";
import classes from "./order.module.css";
import { Merge, Split } from "./regroup";

export const OrderPurchaseOrder = graphql(
  `
    fragment OrderPurchaseOrder on PurchaseOrder {
      id
      number
      status
      sendAfter
      placedAt
      shipBy
      supplierReference
      total {
        ...MoneyFields
      }
      supplier {
        id
        name
      }
      lines {
        id
        sku
        title
        quantity
        accepted
        rejected
        shipped
        cancelled
        rejectReason
        unitCost {
          ...MoneyFields
        }
      }
    }
  `,
  [MoneyFields],
);

type Fields = ResultOf<typeof OrderPurchaseOrder>;

const CANCELLABLE: readonly EnumOf<"PurchaseOrderStatus">[] = [
  "DRAFT",
  "PLACED",
  "ACCEPTED",
  "PARTLY_SHIPPED",
];

interface PurchaseOrdersProps {
  purchaseOrders: readonly FragmentOf<typeof OrderPurchaseOrder>[];
}

export function PurchaseOrders({ purchaseOrders }: PurchaseOrdersProps) {
  const { t } = useTranslation();
  const rows = readFragment(OrderPurchaseOrder, purchaseOrders);
  return (
    <Section title={t("order.purchaseOrders")} flush={rows.length > 0}>
      {rows.length === 0 ? (
        <Text c="dimmed">{t("order.noPurchaseOrders")}</Text>
      ) : (
        <ul className={classes.rows}>
          {rows.map((row) => (
            <li key={row.id} className={classes.row}>
              <PurchaseOrderRow
                purchaseOrder={row}
                others={rows.filter((other) => mayJoin(row, other))}
              />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Both wait to be sent, to one supplier. */
function mayJoin(one: Fields, other: Fields) {
  return (
    one.id !== other.id &&
    one.status === "DRAFT" &&
    other.status === "DRAFT" &&
    one.supplier.id === other.supplier.id
  );
}

interface PurchaseOrderRowProps {
  purchaseOrder: Fields;
  others: readonly Fields[];
}

function PurchaseOrderRow({ purchaseOrder, others }: PurchaseOrderRowProps) {
  const { t } = useTranslation();
  const { which, open, close } = useDialog<"cancel" | "split" | "merge">();
  const { number, status, supplier, lines, total, placedAt, shipBy } = purchaseOrder;
  return (
    <>
      <Group gap="xs">
        <Text fw={600}>{number}</Text>
        <PurchaseOrderStatusBadge status={status} />
        <TextLink to="/suppliers/$id" params={{ id: supplier.id }} size="sm">
          {supplier.name}
        </TextLink>
        <Text size="sm" ms="auto">
          <MoneyText money={total} />
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {placedAt && (
          <>
            {t("order.placed")} <RelativeTime at={placedAt} />
          </>
        )}
        {shipBy && status !== "SHIPPED" && status !== "CANCELLED" && status !== "REJECTED" && (
          <>
            {placedAt && " · "}
            {t("order.shipBy")} <RelativeTime at={shipBy} />
          </>
        )}
        {purchaseOrder.supplierReference && (
          <>
            {" · "}
            {t("order.theirReference", { reference: purchaseOrder.supplierReference })}
          </>
        )}
      </Text>
      {status === "DRAFT" && purchaseOrder.sendAfter && <Leaves at={purchaseOrder.sendAfter} />}
      <ul className={classes.units} style={{ flexDirection: "column" }}>
        {lines.map((line) => (
          <li key={line.id}>
            {line.quantity} × {line.title} <span className={classes.sku}>{line.sku}</span>
            <Text span size="sm" c="dimmed">
              {[
                line.shipped > 0 && t("poLine.shipped", { count: line.shipped }),
                line.rejected > 0 && t("poLine.rejected", { count: line.rejected }),
                line.rejectReason && t(`rejectReason.${line.rejectReason}`),
                line.cancelled > 0 && t("poLine.cancelled", { count: line.cancelled }),
              ]
                .filter(Boolean)
                .join(", ")}
            </Text>
          </li>
        ))}
      </ul>
      <Group gap="xs" mt="xs">
        {CANCELLABLE.includes(status) && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("order.cancelNumber", { number })}
            onClick={() => open("cancel")}
          >
            {t("order.cancel")}
          </Button>
        )}
        {status === "DRAFT" && lines.length > 1 && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("order.splitNumber", { number })}
            onClick={() => open("split")}
          >
            {t("order.split")}
          </Button>
        )}
        {others.length > 0 && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("order.mergeNumber", { number })}
            onClick={() => open("merge")}
          >
            {t("order.merge")}
          </Button>
        )}
      </Group>
      {which === "cancel" && <CancelDialog purchaseOrder={purchaseOrder} close={close} />}
      {which === "split" && <Split purchaseOrder={purchaseOrder} close={close} />}
      {which === "merge" && <Merge purchaseOrder={purchaseOrder} others={others} close={close} />}
    </>
  );
}

/** How long it can still be taken back, second by second. */
function Leaves({ at }: { at: string }) {
  const { t } = useTranslation();
  const left = useSecondsUntil(new Date(at));
  return (
    <Text size="sm" fw={600}>
      <time dateTime={at}>
        {left > 0 ? t("order.leaves", { left: formatCountdown(left) }) : t("order.leavesNow")}
      </time>
    </Text>
  );
}

function useSecondsUntil(at: Date): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((at.getTime() - now) / 1000));
}

const CancelPurchaseOrder = graphql(`
  mutation CancelPurchaseOrder($id: ID!, $reason: String!) {
    cancelPurchaseOrder(id: $id, reason: $reason) {
      purchaseOrder {
        id
        status
        order {
          id
          status
        }
      }
      problems {
        field
        code
        message
      }
    }
  }
`);

function CancelDialog({
  purchaseOrder,
  close,
}: {
  purchaseOrder: Fields;
  close: (done?: boolean) => void;
}) {
  const { t } = useTranslation();
  const action = useAction(CancelPurchaseOrder);
  const reason = useRequiredText<HTMLTextAreaElement>(t("order.cancelReasonNeeded"));
  const unsent = purchaseOrder.status === "DRAFT";
  const confirm = async () => {
    const text = reason.take();
    if (!text) return;
    const outcome = await action.run({ id: purchaseOrder.id, reason: text });
    if (!outcome.ok) return;
    tell(t(unsent ? "order.undone" : "order.cancelAsked", { number: purchaseOrder.number }));
    close(true);
  };
  return (
    <FormDialog
      title={t("order.cancelNumber", { number: purchaseOrder.number })}
      intro={t(unsent ? "order.undoIntro" : "order.cancelIntro", {
        supplier: purchaseOrder.supplier.name,
      })}
      confirm={t(unsent ? "order.undoConfirm" : "order.cancelConfirm")}
      danger
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    >
      <Textarea
        label={t("order.cancelReason")}
        description={t(unsent ? "order.undoReasonWhy" : "order.cancelReasonWhy")}
        autosize
        minRows={2}
        maxLength={500}
        data-autofocus
        {...reason.props}
      />
    </FormDialog>
  );
}
