/** Offers that look like the variant (by barcode, SKU or title), one click away. */
import { Button, Group, Text } from "@mantine/core";
import { Lightbulb } from "lucide-react";
import { useTranslation } from "react-i18next";
import { graphql } from "../../gql/graphql";
import { useLive } from "../../lib/live";
import type { Draft } from "./draft";
import { OfferSearch, type PickedOffer, PickedOfferFields } from "./offer-picker";

export const SimilarOffers = graphql(
  `
    query SimilarOffers($id: ShopifyId!) {
      variant(id: $id) {
        id
        similarOffers(first: 3) {
          likeness
          offer {
            ...PickedOfferFields
          }
        }
      }
    }
  `,
  [PickedOfferFields],
);

interface SuggestionsProps {
  variant: { id: string; sku: string | null; barcode: string | null; productTitle: string };
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
  const { data: alike } = useLive({ query: SimilarOffers, variables: { id: variant.id } });
  const similar = alike?.variant?.similarOffers ?? [];
  const likeness = new Map(similar.map((found) => [found.offer.id, found.likeness]));
  const used = new Set(draft.flatMap(({ components }) => components.map(({ offer }) => offer?.id)));
  // By title first, then what has a code or a word in common.
  const found = [...similar.map(({ offer }) => offer), ...(data?.offers.nodes ?? [])];
  const offers = found
    .filter(({ id }, at) => !used.has(id) && found.findIndex((other) => other.id === id) === at)
    .slice(0, 3);
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
          {likeness.has(offer.id) &&
            ` (${t("mapping.likeness", { likeness: likeness.get(offer.id) })})`}
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
