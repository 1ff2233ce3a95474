/**
 * The one way to the server: same-origin POST /graphql with the session cookie.
 * An expired session leads to the sign-in page and back again; everything else
 * is left to the view that asked.
 */
import { Client, type CombinedError, cacheExchange, fetchExchange, mapExchange } from "urql";

const TIMEOUT_MS = 20_000;

export function makeClient(options: { fetch?: typeof fetch; toSignIn: () => void }) {
  return new Client({
    url: "/graphql",
    fetch: options.fetch ?? fetchWithTimeout,
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    exchanges: [
      mapExchange({
        onError(error) {
          if (isUnauthenticated(error)) options.toSignIn();
        },
      }),
      cacheExchange,
      fetchExchange,
    ],
  });
}

export function isUnauthenticated(error: CombinedError): boolean {
  return errorCodes(error).includes("UNAUTHENTICATED");
}

export function errorCodes(error: CombinedError): string[] {
  return error.graphQLErrors.flatMap(({ extensions }) =>
    typeof extensions.code === "string" ? [extensions.code] : [],
  );
}

function fetchWithTimeout(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  return fetch(input, { ...init, signal });
}
