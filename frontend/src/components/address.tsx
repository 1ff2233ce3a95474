/** A postal address, as it is written on a parcel. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type FragmentOf, graphql, type ResultOf, readFragment } from "../gql/graphql";
import { formatCountry } from "../lib/format";

export const AddressFields = graphql(`
  fragment AddressFields on Address {
    name
    company
    address1
    address2
    city
    province
    zip
    countryCode
    phone
  }
`);

type Masked = FragmentOf<typeof AddressFields>;

export function AddressText({ address }: { address: Masked | null }) {
  const { t } = useTranslation();
  if (!address) return <Text c="dimmed">{t("address.none")}</Text>;
  const fields = readFragment(AddressFields, address);
  return (
    <address style={{ fontStyle: "normal" }}>
      {linesOf(fields).map((line) => (
        <Text key={line}>{line}</Text>
      ))}
      {fields.phone && <Text c="dimmed">{fields.phone}</Text>}
    </address>
  );
}

/** The address as text, for pasting into a carrier's form. */
export function addressText(address: Masked): string {
  const fields = readFragment(AddressFields, address);
  return [...linesOf(fields), fields.phone].filter(Boolean).join("\n");
}

function linesOf(fields: ResultOf<typeof AddressFields>): string[] {
  const { name, company, address1, address2, zip, city, province, countryCode } = fields;
  const place = [zip, city, province].filter(Boolean).join(" ");
  const country = countryCode && formatCountry(countryCode);
  return [name, company, address1, address2, place, country].filter((line): line is string =>
    Boolean(line),
  );
}
