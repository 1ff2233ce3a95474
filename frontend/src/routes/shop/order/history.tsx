/** What happened to an order, newest first. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote, RowsSkeleton } from "../../../components/feedback";
import { Section } from "../../../components/section";
import { RelativeTime } from "../../../components/time";
import { EVERY, useLive } from "../../../lib/live";
import classes from "./order.module.css";
import { OrderEventsQuery } from "./query";

const STEP = 20;

export function History({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <Section title={t("history.title")}>
      <ol className={classes.timeline}>
        <Events id={id} after={null} />
      </ol>
    </Section>
  );
}

/** One page of events, and behind its last one the next, once it is wanted. */
function Events({ id, after }: { id: string; after: string | null }) {
  const { t } = useTranslation();
  const [older, setOlder] = useState(false);
  const live = useLive(
    { query: OrderEventsQuery, variables: { id, first: STEP, after } },
    after === null ? EVERY.calm : undefined,
  );
  const page = live.data?.order?.events;
  if (!page) {
    return (
      <li>
        {live.error ? (
          <ErrorNote error={live.error} retry={live.refresh} />
        ) : (
          <RowsSkeleton rows={3} />
        )}
      </li>
    );
  }
  const { hasNextPage, endCursor } = page.pageInfo;
  return (
    <>
      {page.nodes.map((event) => (
        <li key={event.id}>
          <p>{event.message}</p>
          <p className={classes.when}>
            <RelativeTime at={event.at} />
            {", "}
            {event.actor}
          </p>
        </li>
      ))}
      {hasNextPage && older && <Events id={id} after={endCursor} />}
      {hasNextPage && !older && (
        <li>
          <Button size="xs" variant="default" onClick={() => setOlder(true)}>
            {t("history.older")}
          </Button>
        </li>
      )}
    </>
  );
}
