/** Orders that the draft would send elsewhere, with what either way costs. */
import { SegmentedControl, Text } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { Loaded, RowsSkeleton } from "../../../components/feedback";
import { ROW_LINK } from "../../../components/keyboard";
import { Pager } from "../../../components/pager";
import { Section } from "../../../components/section";
import { DateOnly } from "../../../components/time";
import type { ResultOf } from "../../../gql/graphql";
import { formatDifference, formatMoney } from "../../../lib/format";
import { EVERY, useLive } from "../../../lib/live";
import { isOver } from "../what-if/runs";
import type { Run } from "./page";
import { ChangedOrdersQuery } from "./query";

const PAGE_SIZE = 25;

type Row = NonNullable<
  ResultOf<typeof ChangedOrdersQuery>["whatIfRun"]
>["changedOrders"]["nodes"][number];

export function ChangedOrders({ run }: { run: Run }) {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/what-if/$id" });
  const navigate = useNavigate({ from: "/what-if/$id" });
  const variables = {
    id: run.id,
    sort: search.sort === "saving" ? ("SAVING" as const) : ("PLACED" as const),
    first: PAGE_SIZE,
    after: search.after ?? null,
  };
  const live = useLive(
    { query: ChangedOrdersQuery, variables },
    isOver(run.state) ? EVERY.calm : EVERY.busy,
  );
  return (
    <Section
      title={t("whatIf.changedOrders")}
      flush
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("whatIf.sort")}
          value={search.sort ?? "placed"}
          onChange={(sort) =>
            void navigate({ search: { sort: sort === "saving" ? sort : undefined } })
          }
          data={[
            { value: "placed", label: t("whatIf.byPlaced") },
            { value: "saving", label: t("whatIf.bySaving") },
          ]}
        />
      }
    >
      <Loaded live={live} skeleton={<RowsSkeleton rows={5} />}>
        {({ whatIfRun }) =>
          whatIfRun && whatIfRun.changedOrders.nodes.length > 0 ? (
            <>
              <Orders rows={whatIfRun.changedOrders.nodes} />
              <Pager
                pageInfo={whatIfRun.changedOrders.pageInfo}
                after={search.after}
                go={(after) => void navigate({ search: { ...search, after } })}
              />
            </>
          ) : (
            <Text size="sm" c="dimmed" p="md">
              {t(isOver(run.state) ? "whatIf.noneChanges" : "whatIf.noneYet")}
            </Text>
          )
        }
      </Loaded>
    </Section>
  );
}

function Orders({ rows }: { rows: readonly Row[] }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("whatIf.changedOrders")}
      linked
      rows={rows}
      rowKey={({ number }) => String(number)}
      columns={[
        {
          key: "order",
          header: t("orders.order"),
          cell: ({ orderId, name }) => (
            <Link
              to="/orders/$id"
              params={{ id: orderId }}
              className={tableClasses.rowLink}
              {...ROW_LINK}
            >
              {name}
            </Link>
          ),
        },
        {
          key: "placed",
          header: t("orders.created"),
          cell: ({ placedAt }) => (
            <span className={tableClasses.muted}>
              <DateOnly at={placedAt} />
            </span>
          ),
        },
        {
          key: "live",
          header: t("whatIf.live"),
          wide: true,
          cell: ({ live }) => <Way way={live} />,
        },
        {
          key: "draft",
          header: t("whatIf.draftSide"),
          wide: true,
          cell: ({ draft }) => <Way way={draft} />,
        },
        {
          key: "difference",
          header: t("whatIf.difference"),
          number: true,
          wide: true,
          cell: ({ live, draft }) =>
            live.cost && draft.cost ? formatDifference(live.cost, draft.cost) : "–",
        },
      ]}
    />
  );
}

/** Who ships it, for how much. */
function Way({ way }: { way: Row["live"] }) {
  const { t } = useTranslation();
  const { suppliers, unserved, cost, parcels, days } = way;
  const facts = [
    cost ? formatMoney(cost) : t("whatIf.costUnknown"),
    parcels !== null && t("whatIf.parcelCount", { count: parcels }),
    days !== null && t("whatIf.dayCount", { count: days }),
    unserved > 0 && t("whatIf.unserved", { count: unserved }),
  ];
  return (
    <>
      {suppliers.length > 0 ? suppliers.join(", ") : t("whatIf.nobody")}{" "}
      <span className={tableClasses.muted}>{facts.filter(Boolean).join(", ")}</span>
    </>
  );
}
