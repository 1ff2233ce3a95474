/** `vite --mode mock`: the mock answers POST /graphql, for development and screenshots. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import { MockServer } from "./server.ts";

export function mockServer(): Plugin {
  const mock = new MockServer({ arrivals: true });
  const use = ({ middlewares }: { middlewares: Connect.Server }) => {
    middlewares.use("/graphql", (request, response) => void answer(mock, request, response));
  };
  return { name: "orderyard-mock", configureServer: use, configurePreviewServer: use };
}

async function answer(mock: MockServer, request: IncomingMessage, response: ServerResponse) {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const session = /(?:^|; )mock=([a-z0-9:-]+)/.exec(request.headers.cookie ?? "")?.[1];
  const result = await mock.execute(JSON.parse(body), session);
  if (result.session !== undefined) {
    const age = result.session === "" ? "; Max-Age=0" : "";
    response.setHeader(
      "set-cookie",
      `mock=${result.session}; HttpOnly; SameSite=Lax; Path=/${age}`,
    );
  }
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(result.body));
}
