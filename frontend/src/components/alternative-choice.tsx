/** One of a mapping's alternatives, with who ships it, its cost and what is in stock. */
import { Radio, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { FragmentOf } from "../gql/graphql";
import { formatMoney, type MoneyFields } from "../lib/format";

interface Alternative {
  rank: number;
  components: readonly {
    quantity: number;
    offer: {
      id: string;
      title: string;
      available: number | null;
      cost: FragmentOf<typeof MoneyFields>;
      supplier: { name: string };
    };
  }[];
}

interface AlternativeChoiceProps {
  label: string;
  alternatives: readonly Alternative[];
  /** One of its offers names a whole alternative. */
  offerId: string | undefined;
  choose: (offerId: string) => void;
  /** It was tried without a choice. */
  missing: boolean;
  children?: ReactNode;
}

export function AlternativeChoice(props: AlternativeChoiceProps) {
  const { t } = useTranslation();
  const { label, alternatives, offerId, choose, missing, children } = props;
  return (
    <Radio.Group
      label={label}
      value={offerId ?? null}
      onChange={choose}
      error={missing ? t("exceptions.chooseNeeded") : undefined}
    >
      <Stack gap="sm" mt="xs">
        {children}
        {alternatives.map(({ rank, components: [first, ...rest] }) =>
          first ? (
            <Radio
              key={rank}
              value={first.offer.id}
              label={[first, ...rest]
                .map(({ quantity, offer }) => `${quantity} × ${offer.title}`)
                .join(" + ")}
              description={[first, ...rest]
                .map(({ offer }) =>
                  [
                    offer.supplier.name,
                    formatMoney(offer.cost),
                    offer.available === null
                      ? t("offers.stockUnknown")
                      : t("offers.inStock", { count: offer.available }),
                  ].join(", "),
                )
                .join(" + ")}
            />
          ) : null,
        )}
      </Stack>
    </Radio.Group>
  );
}
