/** The parcels that left, each correctable. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { Section } from "../../../components/section";
import { FullTime } from "../../../components/time";
import { Tracking } from "../../../components/tracking";
import { useAction } from "../../../lib/action";
import { tell } from "../../../lib/tell";
import { CarrierFields, isComplete, trackingInput } from "./carrier-fields";
import classes from "./purchase-order.module.css";
import { CorrectTracking } from "./query";
import type { PurchaseOrder } from "./remaining";

type Shipment = PurchaseOrder["shipments"][number];

interface ParcelsProps {
  shipments: readonly Shipment[];
  carriers: readonly string[];
}

export function Parcels({ shipments, carriers }: ParcelsProps) {
  const { t } = useTranslation();
  const { which, open, close } = useDialog<Shipment>();
  if (shipments.length === 0) return null;
  return (
    <Section title={t("parcels.title")}>
      <ul className={classes.lines}>
        {shipments.map((shipment) => (
          <li key={shipment.id} className={classes.line}>
            <Stack gap={2} miw={0}>
              <Tracking
                carrier={shipment.carrier}
                number={shipment.trackingNumber}
                url={shipment.trackingUrl}
              />
              <Text size="sm">
                {shipment.lines.map(({ quantity, title }) => `${quantity} × ${title}`).join(", ")}
              </Text>
              <Text size="sm" c="dimmed">
                <FullTime at={shipment.shippedAt} />
                {" · "}
                {shipment.reference}
              </Text>
            </Stack>
            <Group>
              <Button
                size="xs"
                variant="default"
                aria-label={t("parcels.correctOf", { reference: shipment.reference })}
                onClick={() => open(shipment)}
              >
                {t("parcels.correct")}
              </Button>
            </Group>
          </li>
        ))}
      </ul>
      {which && <CorrectDialog shipment={which} carriers={carriers} close={close} />}
    </Section>
  );
}

interface CorrectDialogProps {
  shipment: Shipment;
  carriers: readonly string[];
  close: (done?: boolean) => void;
}

function CorrectDialog({ shipment, carriers, close }: CorrectDialogProps) {
  const { t } = useTranslation();
  const correct = useAction(CorrectTracking);
  const [tracking, setTracking] = useState({
    carrier: shipment.carrier ?? "",
    trackingNumber: shipment.trackingNumber ?? "",
    trackingUrl: shipment.trackingUrl ?? "",
  });
  const [tried, setTried] = useState(false);
  const confirm = async () => {
    setTried(true);
    if (!isComplete(tracking, true)) return;
    const input = trackingInput(carriers, tracking);
    const trackingNumber = input.trackingNumber ?? "";
    const outcome = await correct.run({ ...input, shipmentId: shipment.id, trackingNumber });
    if (!outcome.ok) return;
    tell(t("parcels.corrected"));
    close();
  };
  return (
    <FormDialog
      title={t("parcels.correct")}
      intro={t("parcels.correctIntro")}
      confirm={t("save")}
      running={correct.running}
      failure={correct.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    >
      <CarrierFields
        carriers={carriers}
        tracking={tracking}
        change={setTracking}
        numberRequired
        showMissing={tried}
        autoFocus
      />
    </FormDialog>
  );
}
