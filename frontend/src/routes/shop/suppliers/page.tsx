/** All suppliers, in the order in which routing asks them where one page holds them all. */

import { Button } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Boxes, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { useDialog } from "../../../components/dialog";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { ROW_LINK } from "../../../components/keyboard";
import { OutageBadge } from "../../../components/outage";
import { Page } from "../../../components/page";
import { Pager, PagerFields } from "../../../components/pager";
import { Card } from "../../../components/section";
import { StatusBadge } from "../../../components/status-badge";
import { type ResultOf, readFragment } from "../../../gql/graphql";
import { formatCount, formatNumber } from "../../../lib/format";
import { EVERY, useLive } from "../../../lib/live";
import { NewSupplier } from "./new-supplier";
import { SuppliersQuery } from "./query";

type Supplier = ResultOf<typeof SuppliersQuery>["suppliers"]["nodes"][number];

export function Suppliers() {
  const { t } = useTranslation();
  const { after } = useSearch({ from: "/shop/suppliers" });
  const navigate = useNavigate({ from: "/suppliers" });
  const variables = { first: PAGE_SIZE, after: after ?? null };
  const live = useLive({ query: SuppliersQuery, variables, context: ALSO_WHEN_EMPTY }, EVERY.calm);
  const pageInfo = readFragment(PagerFields, live.data?.suppliers.pageInfo);
  const isWhole = !after && !pageInfo?.hasNextPage;
  const { which, open, close } = useDialog<"new">();
  const add = (
    <Button leftSection={<Plus size={16} />} onClick={() => open("new")}>
      {t("suppliers.add")}
    </Button>
  );
  return (
    <Page
      title={t("suppliers.title")}
      intro={t(isWhole ? "suppliers.intro" : "suppliers.introPages")}
      actions={add}
    >
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={4} />
          </Card>
        }
      >
        {({ suppliers }) => (
          <>
            <Card>
              {suppliers.nodes.length > 0 ? (
                <SupplierTable
                  suppliers={isWhole ? [...suppliers.nodes].sort(byRank) : suppliers.nodes}
                />
              ) : (
                <Empty icon={<Boxes />} title={t("suppliers.none")} action={add}>
                  {t("suppliers.noneWhy")}
                </Empty>
              )}
            </Card>
            <Pager
              pageInfo={suppliers.pageInfo}
              after={after}
              go={(next) => void navigate({ search: { after: next } })}
            />
          </>
        )}
      </Loaded>
      {which && <NewSupplier close={close} />}
    </Page>
  );
}

/** As many as the server gives, so that few shops have a second page: those stand by key. */
const PAGE_SIZE = 100;
const ALSO_WHEN_EMPTY = { additionalTypenames: ["Supplier"] };

function SupplierTable({ suppliers }: { suppliers: readonly Supplier[] }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("suppliers.title")}
      linked
      rows={suppliers}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "name",
          header: t("suppliers.supplier"),
          cell: ({ id, name, key }) => (
            <>
              <Link
                to="/suppliers/$id"
                params={{ id }}
                className={tableClasses.rowLink}
                {...ROW_LINK}
              >
                {name}
              </Link>{" "}
              <span className={tableClasses.muted}>{key}</span>
            </>
          ),
        },
        {
          key: "connection",
          header: t("suppliers.connection"),
          cell: ({ connection, outage }) =>
            outage && connection?.active ? (
              <OutageBadge />
            ) : (
              <ConnectionBadge connection={connection} />
            ),
        },
        {
          key: "connector",
          header: t("suppliers.connector"),
          wide: true,
          cell: ({ connector, private: isPrivate }) => (
            <span className={tableClasses.muted}>
              {t(`connector.${connector}`)}
              {!isPrivate && `, ${t("suppliers.marketplace")}`}
            </span>
          ),
        },
        {
          key: "priority",
          header: t("suppliers.priority"),
          number: true,
          named: true,
          cell: ({ connection }) => connection?.priority ?? "–",
        },
        {
          key: "onTime",
          header: t("suppliers.onTime"),
          number: true,
          named: true,
          cell: ({ connection }) => {
            const share = connection?.onTimePct;
            return share
              ? t("suppliers.onTimeShare", { share: formatNumber(Number(share), 1) })
              : "–";
          },
        },
        {
          key: "offers",
          header: t("suppliers.offers"),
          number: true,
          named: true,
          cell: ({ offerCount }) => formatCount(offerCount),
        },
        {
          key: "open",
          header: t("suppliers.openPurchaseOrders"),
          number: true,
          named: true,
          cell: ({ openPurchaseOrders }) => formatCount(openPurchaseOrders),
        },
      ]}
    />
  );
}

function byRank(a: Supplier, b: Supplier): number {
  return rank(a) - rank(b) || a.name.localeCompare(b.name);
}

function rank({ connection }: Supplier): number {
  if (!connection) return Number.MAX_SAFE_INTEGER;
  return connection.active ? connection.priority : 1_000_000 + connection.priority;
}

export function ConnectionBadge({ connection }: { connection: { active: boolean } | null }) {
  const { t } = useTranslation();
  if (!connection) return <StatusBadge tone="neutral">{t("suppliers.notConnected")}</StatusBadge>;
  return connection.active ? (
    <StatusBadge tone="good">{t("suppliers.active")}</StatusBadge>
  ) : (
    <StatusBadge tone="warn">{t("suppliers.paused")}</StatusBadge>
  );
}
