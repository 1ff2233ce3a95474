/** The order's lines, and where each of their units is. */
import { Button, Group, Text } from "@mantine/core";
import clsx from "clsx";
import { useTranslation } from "react-i18next";
import { useDialog } from "../../../components/dialog";
import { Section } from "../../../components/section";
import { StatusBadge } from "../../../components/status-badge";
import { UNIT_TONES } from "../../../components/statuses";
import { type FragmentOf, graphql, readFragment } from "../../../gql/graphql";
import { DecideLine } from "./decide-line";
import classes from "./order.module.css";

export const LineFields = graphql(`
  fragment LineFields on OrderLine {
    id
    sku
    title
    variantTitle
    quantity
    variant {
      id
    }
    units {
      state
      quantity
      reason
    }
  }
`);

type Masked = FragmentOf<typeof LineFields>;

interface LinesProps {
  orderId: string;
  lines: readonly Masked[];
  /** Something of the order was not sent: who ships it may be chosen. */
  open: boolean;
}

export function Lines({ orderId, lines, open }: LinesProps) {
  const { t } = useTranslation();
  return (
    <Section title={t("order.lines")} flush>
      <ul className={classes.rows}>
        {readFragment(LineFields, lines).map((line) => (
          <li key={line.id} className={classes.row}>
            <Group justify="space-between" wrap="nowrap" align="baseline">
              <Text fw={600}>
                {line.title}
                {line.variantTitle && (
                  <Text span c="dimmed" fw={400}>
                    {" "}
                    {line.variantTitle}
                  </Text>
                )}
              </Text>
              <Text className="tabular" style={{ whiteSpace: "nowrap" }}>
                {t("order.quantity", { count: line.quantity })}
              </Text>
            </Group>
            {line.sku && <span className={classes.sku}>{line.sku}</span>}
            <div className={classes.bar} aria-hidden="true">
              {line.units.map((unit) => (
                <span
                  key={`${unit.state} ${unit.reason}`}
                  className={clsx(classes[UNIT_TONES[unit.state]])}
                  style={{ flexGrow: unit.quantity }}
                />
              ))}
            </div>
            <ul className={classes.units}>
              {line.units.map((unit) => (
                <li key={`${unit.state} ${unit.reason}`}>
                  <StatusBadge tone={UNIT_TONES[unit.state]}>
                    {unit.quantity === line.quantity
                      ? t(`unitState.${unit.state}`)
                      : t("order.someUnits", {
                          state: t(`unitState.${unit.state}`),
                          count: unit.quantity,
                          total: line.quantity,
                        })}
                  </StatusBadge>
                  {unit.reason && (
                    <Text span size="sm" c="dimmed">
                      {unit.reason}
                    </Text>
                  )}
                </li>
              ))}
            </ul>
            {open && line.variant && (
              <ChooseButton orderId={orderId} line={line} variantId={line.variant.id} />
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface ChooseButtonProps {
  orderId: string;
  line: { id: string; title: string; quantity: number };
  variantId: string;
}

function ChooseButton({ orderId, line, variantId }: ChooseButtonProps) {
  const { t } = useTranslation();
  const { which, open, close } = useDialog<"choose">();
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        mt="xs"
        aria-label={t("order.overrideOf", { title: line.title })}
        onClick={() => open("choose")}
      >
        {t("order.override")}
      </Button>
      {which && <DecideLine orderId={orderId} line={{ ...line, variantId }} close={close} />}
    </>
  );
}
