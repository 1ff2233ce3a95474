/** The supplier's work, in buckets: new, to ship, late, asked back, done. */
import { Group } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { SearchField } from "../../../components/search-field";
import { Card } from "../../../components/section";
import { EVERY, useLive } from "../../../lib/live";
import { BUCKETS } from "../shell";
import { BucketTabs } from "./bucket-tabs";
import { PurchaseOrdersQuery } from "./query";
import { PurchaseOrderTable } from "./table";

const PAGE_SIZE = 25;

export function PurchaseOrders() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/portal/" });
  const navigate = useNavigate({ from: "/portal/" });
  const bucket = search.bucket ?? "NEW";
  const Icon = BUCKETS[bucket].icon;
  const live = useLive(
    {
      query: PurchaseOrdersQuery,
      variables: {
        first: PAGE_SIZE,
        after: search.after ?? null,
        filter: { bucket, ...(search.q && { search: search.q }) },
      },
      context: ALSO_WHEN_EMPTY,
    },
    EVERY.busy,
  );
  return (
    <Page title={t(`portalBucket.${bucket}`)} intro={t(`portalBucketIntro.${bucket}`)}>
      <BucketTabs bucket={bucket} counts={live.data?.purchaseOrders.counts} />
      <Group role="search" aria-label={t("portal.search")}>
        <SearchField
          label={t("portal.search")}
          placeholder={t("portal.searchFor")}
          value={search.q ?? ""}
          onSearch={(q) =>
            void navigate({
              search: { ...search, q: q || undefined, after: undefined },
              replace: true,
            })
          }
        />
      </Group>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={6} />
          </Card>
        }
      >
        {({ purchaseOrders }) => (
          <>
            <Card>
              {purchaseOrders.nodes.length > 0 ? (
                <PurchaseOrderTable purchaseOrders={purchaseOrders.nodes} bucket={bucket} />
              ) : search.q ? (
                <Empty icon={<SearchX />} title={t("portal.noMatch")} />
              ) : (
                <Empty icon={<Icon />} title={t(`portalEmpty.${bucket}`)} />
              )}
            </Card>
            <Pager
              pageInfo={purchaseOrders.pageInfo}
              after={search.after}
              go={(after) => void navigate({ search: { ...search, after } })}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const ALSO_WHEN_EMPTY = { additionalTypenames: ["PurchaseOrder"] };
