/** Choosing one offer among all suppliers', by typing. */
import { Combobox, Group, Loader, Stack, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { graphql, type ResultOf } from "../../gql/graphql";
import { formatMoney, MoneyFields } from "../../lib/format";
import { useLive } from "../../lib/live";

export const PickedOfferFields = graphql(
  `
    fragment PickedOfferFields on Offer @_unmask {
      id
      sku
      title
      stock
      available
      active
      cost {
        ...MoneyFields
      }
      supplier {
        id
        name
      }
    }
  `,
  [MoneyFields],
);
export type PickedOffer = ResultOf<typeof PickedOfferFields>;

export const OfferSearch = graphql(
  `
    query OfferSearch($search: String) {
      offers(first: 12, filter: { search: $search }) {
        nodes {
          ...PickedOfferFields
        }
      }
    }
  `,
  [PickedOfferFields],
);

interface OfferPickerProps {
  label: string;
  /** What it is called where there are several. */
  name?: string | undefined;
  value: PickedOffer | null;
  onChange: (offer: PickedOffer | null) => void;
  /** After a try to save: say that an offer is missing. */
  showMissing?: boolean;
  /** What the server has against it. */
  refused?: string | undefined;
  autoFocus?: boolean;
}

export function OfferPicker(props: OfferPickerProps) {
  const { label, name, value, onChange, showMissing, refused, autoFocus } = props;
  const { t } = useTranslation();
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [text, setText] = useState<string>();
  const shown = text ?? (value ? nameOf(value) : "");
  const [search] = useDebouncedValue(text?.trim() ?? "", 200);
  const { data, fetching } = useLive({ query: OfferSearch, variables: { search } });
  const offers = data?.offers.nodes ?? [];

  const pick = (id: string) => {
    const offer = offers.find((candidate) => candidate.id === id);
    if (offer) onChange(offer);
    setText(undefined);
    combobox.closeDropdown();
  };

  return (
    <Combobox store={combobox} onOptionSubmit={pick} withinPortal>
      <Combobox.Target withExpandedAttribute>
        <TextInput
          label={label}
          aria-label={name}
          placeholder={t("mapping.pickOffer")}
          value={shown}
          data-autofocus={autoFocus}
          error={showMissing && !value ? t("mapping.offerNeeded") : refused}
          rightSection={fetching ? <Loader size={16} /> : <Combobox.Chevron />}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.openDropdown();
            combobox.updateSelectedOptionIndex();
          }}
          onClick={() => combobox.openDropdown()}
          onFocus={(event) => event.currentTarget.select()}
          onBlur={() => {
            combobox.closeDropdown();
            if (text === "") onChange(null);
            setText(undefined);
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={name ?? label} mah={260} style={{ overflowY: "auto" }}>
          {offers.map((offer) => (
            <Combobox.Option key={offer.id} value={offer.id}>
              <OfferLine offer={offer} />
            </Combobox.Option>
          ))}
          {offers.length === 0 && !fetching && (
            <Combobox.Empty>{t("mapping.noOffer")}</Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

export function OfferLine({ offer }: { offer: PickedOffer }) {
  const { t } = useTranslation();
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm">
      <Stack gap={0} miw={0}>
        <Text size="sm" truncate>
          {offer.title}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {offer.supplier.name}, {offer.sku}
          {!offer.active && `, ${t("offers.inactive")}`}
        </Text>
      </Stack>
      <Stack gap={0} align="flex-end">
        <Text size="sm" className="tabular">
          {formatMoney(offer.cost)}
        </Text>
        <Text size="xs" c="dimmed" className="tabular">
          {offer.stock === null
            ? t("offers.stockUnknown")
            : t("offers.inStock", { count: offer.stock })}
        </Text>
      </Stack>
    </Group>
  );
}

export function nameOf(offer: PickedOffer): string {
  return `${offer.title} (${offer.supplier.name}, ${offer.sku})`;
}
