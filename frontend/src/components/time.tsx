/** A moment: how long ago for the eye, the exact time on hover and for machines. */
import { formatDate, formatDateTime, formatRelative } from "../lib/format";
import { useNow } from "../lib/live";

export function RelativeTime({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  return (
    <time dateTime={at} title={formatDateTime(date)}>
      {formatRelative(date, now)}
    </time>
  );
}

/** Both at once, where there is room. */
export function FullTime({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  return (
    <time dateTime={at}>
      {formatDateTime(date)} ({formatRelative(date, now)})
    </time>
  );
}

export function DateOnly({ at }: { at: string }) {
  return <time dateTime={at}>{formatDate(new Date(at))}</time>;
}
