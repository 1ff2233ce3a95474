/** How many pieces of an offer make one unit. */
import { NumberInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { formatCount } from "../../lib/format";
import { MOST_PIECES } from "./draft";

interface QuantityFieldProps {
  /** What it is called where there are several. */
  name: string | undefined;
  quantity: number;
  set: (quantity: number) => void;
  /** After a try to save: say that there is none. */
  showMissing: boolean;
  /** What the server has against it. */
  refused: string | undefined;
}

export function QuantityField({ name, quantity, set, showMissing, refused }: QuantityFieldProps) {
  const { t } = useTranslation();
  const isWrong = quantity > MOST_PIECES || (showMissing && quantity < 1);
  const rule = t("mapping.quantityRule", { most: formatCount(MOST_PIECES) });
  return (
    <NumberInput
      label={t("mapping.quantity")}
      aria-label={name}
      value={quantity}
      onChange={(value) => set(Number(value) || 0)}
      min={1}
      max={MOST_PIECES}
      clampBehavior="none"
      allowDecimal={false}
      allowNegative={false}
      error={isWrong ? rule : refused}
      w={84}
    />
  );
}
