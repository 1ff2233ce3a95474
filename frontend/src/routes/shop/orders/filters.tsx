/** The filters above the list of orders; each change is a change of the address. */
import { Group, MultiSelect, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { SearchField } from "../../../components/search-field";
import { ORDER_TONES } from "../../../components/statuses";
import type { EnumOf } from "../../../gql/graphql";
import { type OrdersSearch, statusesOf } from "./filter";

interface FiltersProps {
  search: OrdersSearch;
  narrow: (change: OrdersSearch) => void;
}

export function Filters({ search, narrow }: FiltersProps) {
  const { t } = useTranslation();
  const statuses = Object.keys(ORDER_TONES) as EnumOf<"OrderStatus">[];
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label={t("orders.filters")}>
      <SearchField
        label={t("orders.search")}
        placeholder={t("orders.searchFor")}
        value={search.q ?? ""}
        onSearch={(q) => narrow({ q: q || undefined })}
      />
      <MultiSelect
        aria-label={t("orders.status")}
        placeholder={search.status ? "" : t("orders.anyStatus")}
        data={statuses.map((value) => ({ value, label: t(`orderStatus.${value}`) }))}
        value={statusesOf(search.status)}
        onChange={(chosen) => narrow({ status: chosen.join(",") || undefined })}
        clearable
        clearButtonProps={{ "aria-label": t("orders.clearStatus") }}
        miw={190}
        maw={420}
        flex="0 1 auto"
      />
      <DayField
        label={t("orders.from")}
        value={search.from}
        max={search.to}
        onChange={(from) => narrow({ from })}
      />
      <DayField
        label={t("orders.to")}
        value={search.to}
        min={search.from}
        onChange={(to) => narrow({ to })}
      />
    </Group>
  );
}

interface DayFieldProps {
  label: string;
  value: string | undefined;
  min?: string | undefined;
  max?: string | undefined;
  onChange: (day: string | undefined) => void;
}

/** The browser's own date field, with its label inside. */
function DayField({ label, value, onChange, ...limits }: DayFieldProps) {
  return (
    <TextInput
      type="date"
      aria-label={label}
      leftSection={
        <Text size="sm" c="dimmed" aria-hidden="true">
          {label}
        </Text>
      }
      leftSectionWidth={52}
      leftSectionPointerEvents="none"
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      {...limits}
    />
  );
}
