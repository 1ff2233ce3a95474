/** Offers that look like the variant (by barcode, SKU or title), one click away. */
import { Button, Group, Text } from "@mantine/core";
import { Lightbulb } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLive } from "../../lib/live";
import type { Draft } from "./draft";
import { OfferSearch, type PickedOffer } from "./offer-picker";

interface SuggestionsProps {
  variant: { sku: string | null; barcode: string | null; productTitle: string };
  draft: Draft;
  use: (offer: PickedOffer) => void;
}

export function Suggestions({ variant, draft, use }: SuggestionsProps) {
  const { t } = useTranslation();
  const search = searchFor(variant);
  const { data } = useLive({
    query: OfferSearch,
    variables: { search: search ?? "" },
    pause: !search,
  });
  const used = new Set(draft.flatMap(({ components }) => components.map(({ offer }) => offer?.id)));
  const offers = (data?.offers.nodes ?? []).filter(({ id }) => !used.has(id)).slice(0, 3);
  if (offers.length === 0) return null;
  return (
    <Group gap="xs" role="group" aria-label={t("mapping.suggestions")}>
      <Text size="sm" c="dimmed">
        {t("mapping.suggestions")}
      </Text>
      {offers.map((offer) => (
        <Button
          key={offer.id}
          size="compact-sm"
          variant="light"
          leftSection={<Lightbulb size={14} aria-hidden="true" />}
          onClick={() => use(offer)}
        >
          {offer.title}, {offer.supplier.name}
        </Button>
      ))}
    </Group>
  );
}

/**
 * The barcode where there is one; else the longest word that suppliers may share:
 * of the SKU (MUG-0001 is NT-MUG there) or of the title.
 */
function searchFor({ barcode, sku, productTitle }: SuggestionsProps["variant"]) {
  return barcode ?? longestWord(sku ?? "") ?? longestWord(productTitle);
}

function longestWord(text: string): string | undefined {
  const words = text.split(/[^\p{L}]+/u).filter((word) => word.length >= 3);
  return words.sort((a, b) => b.length - a.length)[0];
}
