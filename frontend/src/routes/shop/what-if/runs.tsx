/** Comparisons as rows, the newest first. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DataTable, tableClasses } from "../../../components/data-table";
import { ROW_LINK } from "../../../components/keyboard";
import { StatusBadge, type Tone } from "../../../components/status-badge";
import { RelativeTime } from "../../../components/time";
import type { EnumOf, ResultOf } from "../../../gql/graphql";
import { formatCount, formatDate, formatDifference } from "../../../lib/format";
import type { RunRow } from "./query";

type Run = ResultOf<typeof RunRow>;
type State = EnumOf<"WhatIfState">;

const STATE_TONES = {
  QUEUED: "info",
  RUNNING: "progress",
  DONE: "good",
  CANCELLED: "neutral",
  FAILED: "bad",
} as const satisfies Record<State, Tone>;

export function RunStateBadge({ state }: { state: State }) {
  const { t } = useTranslation();
  return <StatusBadge tone={STATE_TONES[state]}>{t(`whatIfState.${state}`)}</StatusBadge>;
}

export const isOver = (state: State) => state !== "QUEUED" && state !== "RUNNING";

/** Such as 1 Nov 2026 – 22 Nov 2026. */
export function spanText({ since, until }: Pick<Run, "since" | "until">): string {
  // The end is not included: a day that ends at midnight is the one before.
  const last = new Date(new Date(until).getTime() - 1);
  return `${formatDate(new Date(since))} – ${formatDate(last)}`;
}

export function useDiffers() {
  const { t } = useTranslation();
  return ({ differs }: Pick<Run, "differs">) =>
    differs.length > 0
      ? differs.map((subject) => t(`whatIfSubject.${subject}`)).join(", ")
      : t("whatIf.nothing");
}

export function RunTable({ runs }: { runs: readonly Run[] }) {
  const { t } = useTranslation();
  const differs = useDiffers();
  return (
    <DataTable
      label={t("whatIf.runs")}
      linked
      rows={runs}
      rowKey={({ id }) => id}
      columns={[
        {
          key: "period",
          header: t("whatIf.period"),
          cell: (run) => (
            <Link
              to="/what-if/$id"
              params={{ id: run.id }}
              className={tableClasses.rowLink}
              {...ROW_LINK}
            >
              {spanText(run)}
            </Link>
          ),
        },
        {
          key: "state",
          header: t("whatIf.state"),
          cell: ({ state }) => <RunStateBadge state={state} />,
        },
        { key: "differs", header: t("whatIf.tried"), wide: true, cell: differs },
        {
          key: "asked",
          header: t("whatIf.asked"),
          cell: ({ askedAt, askedBy }) => (
            <span className={tableClasses.muted}>
              {askedBy}, <RelativeTime at={askedAt} />
            </span>
          ),
        },
        {
          key: "changed",
          header: t("whatIf.changedOrders"),
          number: true,
          cell: ({ ordersChanged, ordersCompared }) =>
            t("whatIf.changedOf", {
              changed: formatCount(ordersChanged),
              all: formatCount(ordersCompared),
            }),
        },
        {
          key: "cost",
          header: t("whatIf.difference"),
          number: true,
          wide: true,
          cell: ({ state, live, draft }) =>
            state === "DONE" ? formatDifference(live.cost, draft.cost) : "–",
        },
      ]}
    />
  );
}
