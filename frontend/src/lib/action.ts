/**
 * Running a mutation and telling its three ends apart: done, a problem that the
 * server foresaw (data), and a surprise (an error). The caller shows the text.
 */
import type { DocumentInput } from "@urql/core";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AnyVariables, useMutation } from "urql";
import { graphql, type ResultOf } from "../gql/graphql";
import { useErrorText } from "./error-text";
import { sentence } from "./sentence";

/** What every mutation answers where the server foresaw a problem. */
export const ProblemFields = graphql(`
  fragment ProblemFields on Problem @_unmask {
    field
    code
    message
  }
`);
export type Problem = ResultOf<typeof ProblemFields>;

export type Outcome<Data> =
  | { ok: true; data: Data }
  | { ok: false; message: string; problems: Problem[] };

export interface Action<Data, Variables> {
  run: (variables: Variables) => Promise<Outcome<Data>>;
  running: boolean;
  /** What went wrong at the last try, in words; undefined once it is tried again. */
  failure: string | undefined;
  clear: () => void;
}

export function useAction<
  Data extends Record<string, { problems?: Problem[] }>,
  Variables extends AnyVariables,
>(document: DocumentInput<Data, Variables>): Action<Data, Variables> {
  const [, execute] = useMutation(document);
  const [running, setRunning] = useState(false);
  const [failure, setFailure] = useState<string>();
  const errorText = useErrorText();
  const { t } = useTranslation();

  const run = useCallback(
    async (variables: Variables): Promise<Outcome<Data>> => {
      setRunning(true);
      setFailure(undefined);
      const { data, error } = await execute(variables);
      setRunning(false);
      const problems = data ? Object.values(data).flatMap((payload) => payload.problems ?? []) : [];
      if (data && !error && problems.length === 0) return { ok: true, data };
      const message = error
        ? errorText(error)
        : problems.map((problem) => sentence(problem.message)).join(" ") || t("error.unknown");
      setFailure(message);
      return { ok: false, message, problems };
    },
    [execute, errorText, t],
  );
  const clear = useCallback(() => setFailure(undefined), []);
  return { run, running, failure, clear };
}
