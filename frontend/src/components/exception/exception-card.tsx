/** One thing a person must decide: what happened, to which order, and the choices. */
import { Group, Stack, Text } from "@mantine/core";
import { CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type FragmentOf, graphql, readFragment } from "../../gql/graphql";
import { formatMoney, MoneyFields } from "../../lib/format";
import { sentence } from "../../lib/sentence";
import { ROW_LINK } from "../keyboard";
import { TextLink } from "../links";
import { ExceptionKindBadge } from "../statuses";
import { RelativeTime } from "../time";
import { Choices, ExceptionChoices } from "./choices";
import { Evidence } from "./evidence";
import classes from "./exception-card.module.css";

export const ExceptionFields = graphql(
  `
    fragment ExceptionFields on Exception {
      id
      kind
      status
      message
      createdAt
      resolvedAt
      resolution
      quantity
      evidence
      acceptedCost {
        ...MoneyFields
      }
      currentCost {
        ...MoneyFields
      }
      order {
        id
        name
      }
      orderLine {
        id
        title
        variantTitle
        sku
      }
      purchaseOrder {
        id
        number
        supplier {
          id
          name
        }
      }
      ...ExceptionChoices
    }
  `,
  [MoneyFields, ExceptionChoices],
);

interface ExceptionCardProps {
  exception: FragmentOf<typeof ExceptionFields>;
  /** On the order's own page its name is not repeated. */
  withinOrder?: boolean;
}

export function ExceptionCard({ exception: masked, withinOrder }: ExceptionCardProps) {
  const { t } = useTranslation();
  const exception = readFragment(ExceptionFields, masked);
  const { order, orderLine, purchaseOrder, acceptedCost, currentCost } = exception;
  const open = exception.status === "OPEN";
  const name = [t(`exceptionKind.${exception.kind}`), order?.name].filter(Boolean).join(", ");

  return (
    <article className={classes.card} aria-label={name}>
      <Stack gap={6}>
        <Group gap="xs">
          <ExceptionKindBadge kind={exception.kind} />
          {order && !withinOrder && (
            <TextLink to="/orders/$id" params={{ id: order.id }} fw={650} {...ROW_LINK}>
              {order.name}
            </TextLink>
          )}
          {purchaseOrder && (
            <Text size="sm" c="dimmed">
              {purchaseOrder.number}, {purchaseOrder.supplier.name}
            </Text>
          )}
          <Text size="sm" c="dimmed" ms="auto">
            <RelativeTime at={exception.createdAt} />
          </Text>
        </Group>
        <Text>{sentence(exception.message)}</Text>
        {orderLine && (
          <Text size="sm" c="dimmed">
            {exception.quantity ? `${exception.quantity} × ` : ""}
            {[orderLine.title, orderLine.variantTitle].filter(Boolean).join(", ")}
            {orderLine.sku && <span className={classes.sku}>{orderLine.sku}</span>}
          </Text>
        )}
        {acceptedCost && currentCost && (
          <Text size="sm">
            {t("exceptions.price", {
              before: formatMoney(acceptedCost),
              now: formatMoney(currentCost),
            })}
          </Text>
        )}
        <Evidence evidence={exception.evidence} />
        {open && exception.kind === "PLACEMENT_REFUSED" && (
          <Text size="sm" c="dimmed">
            {t("exceptions.refusedHint")}
          </Text>
        )}
        {open ? (
          <Choices exception={exception} />
        ) : (
          <Text size="sm" className={classes.resolved}>
            <CircleCheck size={16} aria-hidden="true" />
            <span>
              {exception.resolution ?? t("exceptions.resolved")}
              {exception.resolvedAt && (
                <>
                  {" · "}
                  <RelativeTime at={exception.resolvedAt} />
                </>
              )}
            </span>
          </Text>
        )}
      </Stack>
    </article>
  );
}
