/** Needs attention: every open exception with its choices as buttons. */
import { Button, Group, MultiSelect, SegmentedControl } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheckBig, SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ExceptionCard } from "../../../components/exception/exception-card";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { Card } from "../../../components/section";
import { EXCEPTION_TONES } from "../../../components/statuses";
import type { EnumOf } from "../../../gql/graphql";
import { EVERY, useLive } from "../../../lib/live";
import { ExceptionsQuery } from "./query";

const PAGE_SIZE = 25;
type Kind = EnumOf<"ExceptionKind">;

export function Exceptions() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/exceptions" });
  const navigate = useNavigate({ from: "/exceptions" });
  const resolved = search.show === "resolved";
  const kinds = kindsOf(search.kind);
  const live = useLive(
    {
      query: ExceptionsQuery,
      variables: {
        first: PAGE_SIZE,
        after: search.after ?? null,
        filter: {
          status: resolved ? ("RESOLVED" as const) : ("OPEN" as const),
          ...(kinds.length > 0 && { kind: kinds }),
        },
      },
      context: ALSO_WHEN_EMPTY,
    },
    EVERY.busy,
  );
  const narrow = (change: Partial<typeof search>) =>
    void navigate({ search: { ...search, ...change, after: undefined }, replace: true });

  return (
    <Page title={t("exceptions.title")} intro={t("exceptions.intro")}>
      <Group gap="sm" role="search" aria-label={t("exceptions.filters")}>
        <SegmentedControl
          aria-label={t("exceptions.show")}
          value={resolved ? "resolved" : "open"}
          onChange={(value) => narrow({ show: value === "resolved" ? "resolved" : undefined })}
          data={[
            { value: "open", label: t("exceptions.open") },
            { value: "resolved", label: t("exceptions.resolved") },
          ]}
        />
        <MultiSelect
          aria-label={t("exceptions.kind")}
          placeholder={kinds.length > 0 ? "" : t("exceptions.anyKind")}
          data={Object.keys(EXCEPTION_TONES).map((value) => ({
            value,
            label: t(`exceptionKind.${value as Kind}`),
          }))}
          value={kinds}
          onChange={(chosen) => narrow({ kind: chosen.join(",") || undefined })}
          clearable
          clearButtonProps={{ "aria-label": t("exceptions.clearKind") }}
          miw={200}
          maw={460}
        />
      </Group>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={5} />
          </Card>
        }
      >
        {({ exceptions }) => (
          <>
            <Card>
              {exceptions.nodes.map((exception) => (
                <ExceptionCard key={exception.id} exception={exception} />
              ))}
              {exceptions.nodes.length === 0 && (
                <Nothing
                  filtered={kinds.length > 0}
                  resolved={resolved}
                  clear={() => narrow({ kind: undefined })}
                />
              )}
            </Card>
            <Pager
              pageInfo={exceptions.pageInfo}
              after={search.after}
              go={(after) => void navigate({ search: { ...search, after } })}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** An empty list names no type: say which changes concern it. */
const ALSO_WHEN_EMPTY = { additionalTypenames: ["Exception"] };

interface NothingProps {
  filtered: boolean;
  resolved: boolean;
  clear: () => void;
}

function Nothing({ filtered, resolved, clear }: NothingProps) {
  const { t } = useTranslation();
  if (filtered) {
    return (
      <Empty
        icon={<SearchX />}
        title={t("exceptions.noMatch")}
        action={
          <Button variant="default" onClick={clear}>
            {t("exceptions.clearKind")}
          </Button>
        }
      />
    );
  }
  return resolved ? (
    <Empty icon={<CircleCheckBig />} title={t("exceptions.noneResolved")} />
  ) : (
    <Empty icon={<CircleCheckBig />} title={t("exceptions.none")}>
      {t("exceptions.noneWhy")}
    </Empty>
  );
}

function kindsOf(text: string | undefined): Kind[] {
  return (text ?? "").split(",").filter((name): name is Kind => name in EXCEPTION_TONES);
}
