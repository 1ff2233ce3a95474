/** Carrier, tracking number, and an address to follow it where Shopify cannot make one. */
import { Autocomplete, Group, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

export interface Tracking {
  carrier: string;
  trackingNumber: string;
  trackingUrl: string;
}

interface CarrierFieldsProps {
  carriers: readonly string[];
  tracking: Tracking;
  change: (tracking: Tracking) => void;
  numberRequired?: boolean;
  /** After a try to send: say what is missing. */
  showMissing: boolean;
  autoFocus?: boolean;
}

export function CarrierFields(props: CarrierFieldsProps) {
  const { carriers, tracking, change, numberRequired, showMissing, autoFocus } = props;
  const { t } = useTranslation();
  return (
    <>
      <Group grow align="flex-start" gap="sm" preventGrowOverflow={false}>
        <Autocomplete
          label={t("ship.carrier")}
          placeholder={t("ship.carrierFor")}
          required
          data={[...carriers]}
          limit={8}
          maxLength={100}
          value={tracking.carrier}
          onChange={(carrier) => change({ ...tracking, carrier })}
          error={showMissing && !tracking.carrier.trim() ? t("ship.carrierNeeded") : undefined}
          data-autofocus={autoFocus}
          miw={200}
        />
        <TextInput
          label={t("ship.number")}
          required={numberRequired}
          autoComplete="off"
          maxLength={100}
          value={tracking.trackingNumber}
          onChange={(event) => change({ ...tracking, trackingNumber: event.currentTarget.value })}
          error={
            showMissing && numberRequired && !tracking.trackingNumber.trim()
              ? t("ship.numberNeeded")
              : undefined
          }
          miw={200}
        />
      </Group>
      {needsUrl(carriers, tracking.carrier) && (
        <TextInput
          label={t("ship.url")}
          description={t("ship.urlWhy")}
          type="url"
          placeholder="https://"
          maxLength={500}
          value={tracking.trackingUrl}
          error={urlProblem(tracking) ? t("ship.urlRule") : undefined}
          onChange={(event) => change({ ...tracking, trackingUrl: event.currentTarget.value })}
        />
      )}
    </>
  );
}

/** Shopify makes links for the carriers it knows; for others somebody must say. */
export function needsUrl(carriers: readonly string[], carrier: string): boolean {
  const name = carrier.trim().toLowerCase();
  return name !== "" && !carriers.some((known) => known.toLowerCase().startsWith(name));
}

function urlProblem({ trackingUrl }: Tracking): boolean {
  return trackingUrl !== "" && !/^https?:\/\/[^/\s]/.test(trackingUrl);
}

export function isComplete(tracking: Tracking, numberRequired: boolean): boolean {
  return (
    tracking.carrier.trim() !== "" &&
    !urlProblem(tracking) &&
    (!numberRequired || tracking.trackingNumber.trim() !== "")
  );
}

/** As the API takes it: known carriers in Shopify's spelling, nothing for empty fields. */
export function trackingInput(carriers: readonly string[], tracking: Tracking) {
  const carrier = tracking.carrier.trim();
  const known = carriers.find((name) => name.toLowerCase() === carrier.toLowerCase());
  return {
    carrier: known ?? carrier,
    trackingNumber: tracking.trackingNumber.trim() || null,
    trackingUrl: (!known && tracking.trackingUrl.trim()) || null,
  };
}
