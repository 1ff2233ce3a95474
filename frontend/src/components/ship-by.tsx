/** By when a purchase order should leave; late in words, not in colour alone. */
import { useTranslation } from "react-i18next";
import { formatDate, formatRelative } from "../lib/format";
import { useNow } from "../lib/live";
import { StatusBadge } from "./status-badge";

export function ShipBy({ at, open }: { at: string | null; open: boolean }) {
  const { t } = useTranslation();
  const now = useNow();
  if (!at) return <>{t("portal.noShipBy")}</>;
  const date = new Date(at);
  const late = open && date < now;
  return (
    <time dateTime={at}>
      {formatDate(date)}{" "}
      {late ? (
        <StatusBadge tone="bad">
          {t("portal.late", { relative: formatRelative(date, now) })}
        </StatusBadge>
      ) : (
        open && <span style={{ color: "var(--oy-muted)" }}>{formatRelative(date, now)}</span>
      )}
    </time>
  );
}
