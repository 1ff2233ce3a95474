/** The whole application at an address, over a mock server of its own. */
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { makeClient } from "../src/lib/client";
import { signInPath } from "../src/lib/return-path";
import { Providers } from "../src/providers";
import { makeRouter } from "../src/router";
import { type GraphQLRequest, MockServer } from "./mock/server";

export interface App {
  server: MockServer;
  user: ReturnType<typeof userEvent.setup>;
  go: (path: string) => void;
  /** The address as it stands. */
  path: () => string;
  /** Requests of the named operation so far. */
  asked: (operation: string) => GraphQLRequest[];
  /** Answers this operation by failing, until told otherwise. */
  fail: (operation: string, failure: Failure | undefined) => void;
  /** Does what this operation asks once, and loses the answer. */
  lose: (operation: string) => void;
}

export type Failure = { code: string; message: string } | "offline" | 503;

interface Options {
  session?: string;
  /** Changes the world before the page asks. */
  arrange?: (server: MockServer) => void;
}

export function renderApp(path: string, options: Options = {}): App {
  const server = new MockServer();
  options.arrange?.(server);
  let session = options.session;
  const failures = new Map<string, Failure>();
  const losses = new Set<string>();

  const answer = async (_: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = JSON.parse(String(init?.body)) as GraphQLRequest;
    const failure = failures.get(request.operationName ?? "");
    if (failure === "offline") throw new TypeError("Failed to fetch");
    if (failure === 503) return new Response("busy", { status: 503 });
    if (failure) {
      const { code, message } = failure;
      return Response.json({ data: null, errors: [{ message, extensions: { code } }] });
    }
    const result = await server.execute(request, session);
    if (losses.delete(request.operationName ?? "")) throw new TypeError("Failed to fetch");
    if (result.session !== undefined) session = result.session;
    return Response.json(result.body);
  };

  const router = makeRouter(createMemoryHistory({ initialEntries: [path] }));
  const client = makeClient({
    fetch: answer,
    toSignIn: () => void router.navigate({ href: signInPath(router.state.location.href) }),
  });
  render(
    <Providers client={client} env="test">
      <RouterProvider router={router} />
    </Providers>,
  );
  return {
    server,
    user: userEvent.setup(),
    go: (to) => void router.navigate({ href: to }),
    path: () => router.state.location.href,
    asked: (operation) => server.asked.filter(({ operationName }) => operationName === operation),
    lose: (operation) => losses.add(operation),
    fail: (operation, failure) => {
      if (failure) failures.set(operation, failure);
      else failures.delete(operation);
    },
  };
}
