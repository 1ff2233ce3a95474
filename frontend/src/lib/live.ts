/**
 * Queries that stay fresh: asked again while the page is visible, and showing
 * the last good answer while a later one fails.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { type AnyVariables, type CombinedError, type UseQueryArgs, useQuery } from "urql";

export interface Live<Data> {
  data: Data | undefined;
  error: CombinedError | undefined;
  fetching: boolean;
  refresh: () => void;
}

/** How often, in seconds, pages ask again. */
export const EVERY = { busy: 4, calm: 10 } as const;

export function useLive<Data, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
  /** By what was answered last, where that says how soon something changes. */
  every?: number | ((data: Data | undefined) => number),
): Live<Data> {
  const [result, execute] = useQuery<Data, Variables>(args);
  const refresh = useCallback(() => execute({ requestPolicy: "network-only" }), [execute]);
  usePolling(refresh, typeof every === "function" ? every(result.data) : every);

  const question = JSON.stringify(args.variables ?? {});
  const last = useRef<{ question: string; data: Data } | undefined>(undefined);
  // A failed request answers null where nothing could be read.
  const answer = result.data ?? undefined;
  if (answer !== undefined && !result.fetching) last.current = { question, data: answer };
  const kept = last.current?.question === question ? last.current.data : undefined;

  return {
    data: answer ?? (result.error ? kept : undefined),
    error: result.error,
    fetching: result.fetching,
    refresh,
  };
}

function usePolling(refresh: () => void, everySeconds: number | undefined) {
  useEffect(() => {
    if (everySeconds === undefined) return;
    const ask = () => {
      if (document.visibilityState === "visible") refresh();
    };
    const timer = window.setInterval(ask, everySeconds * 1000);
    document.addEventListener("visibilitychange", ask);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [refresh, everySeconds]);
}

/** The time, renewed often enough for "3 minutes ago". */
export function useNow(everySeconds = 20): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(new Date()), everySeconds * 1000);
    return () => window.clearInterval(timer);
  }, [everySeconds]);
  return now;
}
