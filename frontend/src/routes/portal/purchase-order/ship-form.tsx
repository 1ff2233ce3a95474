/** One parcel: what is in it and how it travels. What remains is filled in already. */
import { Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { Section } from "../../../components/section";
import { useAction } from "../../../lib/action";
import { tell } from "../../../lib/tell";
import { CarrierFields, isComplete, type Tracking, trackingInput } from "./carrier-fields";
import classes from "./purchase-order.module.css";
import { Ship } from "./query";
import { parcelReference } from "./reference";
import { type PurchaseOrder, remaining } from "./remaining";

interface ShipFormProps {
  purchaseOrder: PurchaseOrder;
  carriers: readonly string[];
}

export function ShipForm({ purchaseOrder, carriers }: ShipFormProps) {
  const { t } = useTranslation();
  const ship = useAction(Ship);
  // One name for this parcel: sending the form again never makes a second one.
  const [reference] = useState(parcelReference);
  const [lastCarrier, rememberCarrier] = useLocalStorage({
    key: "orderyard-carrier",
    defaultValue: "",
    getInitialValueInEffect: false,
  });
  const [tracking, setTracking] = useState<Tracking>({
    carrier: lastCarrier,
    trackingNumber: "",
    trackingUrl: "",
  });
  const [tried, setTried] = useState(false);
  const open = purchaseOrder.lines.filter((line) => remaining(line) > 0);
  const [quantities, setQuantities] = useState<Record<string, number>>({});
  const quantityOf = (line: (typeof open)[number]) => quantities[line.id] ?? remaining(line);
  const units = open.reduce((sum, line) => sum + quantityOf(line), 0);

  const submit = async () => {
    const input = {
      reference,
      ...trackingInput(carriers, tracking),
      lines: open
        .map((line) => ({ lineId: line.id, quantity: quantityOf(line) }))
        .filter(({ quantity }) => quantity > 0),
    };
    const outcome = await ship.run({ id: purchaseOrder.id, input });
    if (!outcome.ok) return;
    rememberCarrier(input.carrier);
    tell(t("ship.done", { count: units }));
    document.querySelector<HTMLElement>("h1")?.focus();
  };

  return (
    <Section title={t("ship.title")} intro={t("ship.intro")}>
      <form
        noValidate
        aria-label={t("ship.title")}
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (units > 0 && isComplete(tracking, false)) void submit();
        }}
      >
        <Stack gap="md">
          <ul className={classes.lines}>
            {open.map((line) => (
              <li key={line.id} className={classes.line}>
                <div>
                  <Text fw={600}>{line.title}</Text>
                  <span className={classes.sku}>{line.sku}</span>
                </div>
                <Group gap="xs" wrap="nowrap">
                  <NumberInput
                    aria-label={t("ship.quantityOf", { title: line.title })}
                    value={quantityOf(line)}
                    min={0}
                    max={remaining(line)}
                    clampBehavior="strict"
                    allowDecimal={false}
                    allowNegative={false}
                    w={84}
                    onChange={(value) =>
                      setQuantities({ ...quantities, [line.id]: Number(value) || 0 })
                    }
                  />
                  <Text size="sm" c="dimmed" className="tabular">
                    {t("ship.of", { count: remaining(line) })}
                  </Text>
                </Group>
              </li>
            ))}
          </ul>
          <CarrierFields
            carriers={carriers}
            tracking={tracking}
            change={setTracking}
            showMissing={tried}
          />
          {tried && units === 0 && <Failure>{t("ship.unitsNeeded")}</Failure>}
          {ship.failure && <Failure>{ship.failure}</Failure>}
          <Group>
            <Button type="submit" loading={ship.running}>
              {t("ship.submit", { count: units })}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
