/** What a supplier sells, and its upkeep by hand. */

import { Button, Group, UnstyledButton } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PackagePlus, Plus, SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { useDialog } from "../../../components/dialog";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { ROW_LINK } from "../../../components/keyboard";
import { MoneyText } from "../../../components/money";
import { Pager } from "../../../components/pager";
import { SearchField } from "../../../components/search-field";
import { Section } from "../../../components/section";
import { StatusBadge } from "../../../components/status-badge";
import type { ResultOf } from "../../../gql/graphql";
import { formatCount } from "../../../lib/format";
import { useLive } from "../../../lib/live";
import { OfferDialog } from "./offer-dialog";
import classes from "./offers.module.css";
import { type OfferRow, type SupplierFields, SupplierOffersQuery } from "./query";

const PAGE_SIZE = 25;
type Offer = ResultOf<typeof OfferRow>;

export function Offers({ supplier }: { supplier: ResultOf<typeof SupplierFields> }) {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/suppliers/$id" });
  const navigate = useNavigate({ from: "/suppliers/$id" });
  const { which, open, close } = useDialog<Offer | "new">();
  const live = useLive({
    query: SupplierOffersQuery,
    variables: {
      first: PAGE_SIZE,
      after: search.after ?? null,
      supplierId: supplier.id,
      search: search.q ?? null,
    },
    context: ALSO_WHEN_EMPTY,
  });

  return (
    <Section
      title={t("offers.title")}
      flush
      actions={
        supplier.private && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Plus size={15} />}
            onClick={() => open("new")}
          >
            {t("offers.add")}
          </Button>
        )
      }
    >
      <Group p="sm" role="search" aria-label={t("offers.search")}>
        <SearchField
          label={t("offers.search")}
          placeholder={t("offers.searchFor")}
          value={search.q ?? ""}
          onSearch={(q) =>
            void navigate({ search: { q: q || undefined, after: undefined }, replace: true })
          }
        />
      </Group>
      <Loaded live={live} skeleton={<RowsSkeleton rows={4} />}>
        {({ offers }) => (
          <>
            {offers.nodes.length > 0 ? (
              <OfferTable offers={offers.nodes} edit={supplier.private ? open : undefined} />
            ) : search.q ? (
              <Empty icon={<SearchX />} title={t("offers.noMatch")} />
            ) : (
              <Empty icon={<PackagePlus />} title={t("offers.none")}>
                {t("offers.noneWhy")}
              </Empty>
            )}
            <Pager
              pageInfo={offers.pageInfo}
              after={search.after}
              go={(after) => void navigate({ search: { ...search, after } })}
            />
          </>
        )}
      </Loaded>
      {which && (
        <OfferDialog
          supplier={supplier}
          offer={which === "new" ? undefined : which}
          close={close}
        />
      )}
    </Section>
  );
}

const ALSO_WHEN_EMPTY = { additionalTypenames: ["Offer"] };

interface OfferTableProps {
  offers: readonly Offer[];
  edit: ((offer: Offer) => void) | undefined;
}

function OfferTable({ offers, edit }: OfferTableProps) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("offers.title")}
      linked={edit !== undefined}
      rows={offers}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "title",
          header: t("offers.offer"),
          cell: (offer) => (
            <>
              {edit ? (
                <UnstyledButton
                  className={tableClasses.rowLink}
                  onClick={() => edit(offer)}
                  {...ROW_LINK}
                >
                  {offer.title}
                </UnstyledButton>
              ) : (
                offer.title
              )}{" "}
              {!offer.active && <StatusBadge tone="warn">{t("offers.inactive")}</StatusBadge>}
              <div className={classes.sku}>
                {[offer.sku, offer.barcode].filter(Boolean).join(" · ")}
              </div>
            </>
          ),
        },
        {
          key: "cost",
          header: t("offers.cost"),
          number: true,
          cell: ({ cost }) => <MoneyText money={cost} />,
        },
        {
          key: "shipsTo",
          header: t("offers.shipsTo"),
          cell: ({ shipsTo }) => (
            <span className={tableClasses.muted}>
              {shipsTo.length > 0 ? shipsTo.join(", ") : t("offers.everywhere")}
            </span>
          ),
        },
        {
          key: "available",
          header: t("offers.available"),
          number: true,
          cell: ({ stock, available }) => (
            <>
              {available === null ? "–" : formatCount(available)}
              {stock !== null && available !== null && available < stock && (
                <div className={classes.sku}>
                  {t("offers.reserved", {
                    stock: formatCount(stock),
                    reserved: formatCount(stock - available),
                  })}
                </div>
              )}
            </>
          ),
        },
      ]}
    />
  );
}
