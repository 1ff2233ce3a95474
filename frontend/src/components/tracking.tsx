/** A parcel's carrier and number, a link where there is one. */
import { Anchor, Text } from "@mantine/core";
import { ExternalLink } from "lucide-react";
import { useTranslation } from "react-i18next";

interface TrackingProps {
  carrier: string | null;
  number: string | null;
  url: string | null;
}

export function Tracking({ carrier, number, url }: TrackingProps) {
  const { t } = useTranslation();
  const name = [carrier, number].filter(Boolean).join(" ");
  if (!name) return <Text span>{t("shipment.noTracking")}</Text>;
  if (!isWebAddress(url)) return <Text span>{name}</Text>;
  return (
    <Anchor href={url} target="_blank" rel="noreferrer">
      {name} <ExternalLink size={13} aria-label={t("shipment.newTab")} />
    </Anchor>
  );
}

/** Suppliers send these: only the web, never a script. */
function isWebAddress(url: string | null): url is string {
  return url !== null && /^https?:\/\//i.test(url);
}
