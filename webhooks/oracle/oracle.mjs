// Shopify's own library as a second opinion on the crate's signatures.
//
// Reads one JSON question per line on stdin and writes one JSON answer per line on stdout. Every
// question has an `op`, most have a `secret`; `now` (seconds) sets the clock that the library sees.
// Driven by tests/oracle.rs. The library asks for Node 22; what is used of it here runs on 20 too.

import '@shopify/shopify-api/adapters/node';
import crypto from 'node:crypto';
import readline from 'node:readline';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';

// What signs a query is not exported by name, so it is taken from its file.
const { generateLocalHmac } = await import(
  new URL('./node_modules/@shopify/shopify-api/dist/esm/lib/utils/hmac-validator.mjs', import.meta.url)
);

const libraries = new Map();
function library(secret) {
  if (!libraries.has(secret)) {
    libraries.set(
      secret,
      shopifyApi({
        apiKey: 'oracle',
        apiSecretKey: secret,
        hostName: 'orderyard.example',
        apiVersion: ApiVersion.October26,
        isEmbeddedApp: false,
        logger: { level: LogSeverity.Error, log: () => {} },
      }),
    );
  }
  return libraries.get(secret);
}

// Repeated values joined by a comma: how the library itself turns a query into what it signs.
function joined(query) {
  const parameters = {};
  for (const [key, value] of new URLSearchParams(query)) {
    parameters[key] = key in parameters ? `${parameters[key]},${value}` : value;
  }
  return parameters;
}

const operations = {
  // A whole webhook call; the body is text because the library takes nothing else.
  webhook: ({ secret, body, headers }) =>
    library(secret).webhooks.validate({ rawBody: body, rawRequest: { method: 'POST', url: '/', headers } }),

  fulfillmentService: ({ secret, body, headers }) =>
    library(secret).fulfillmentService.validate({ rawBody: body, rawRequest: { method: 'POST', url: '/', headers } }),

  // Bytes of any kind, by Node's cryptography alone.
  signBytes: ({ secret, bytesBase64 }) => ({
    signature: crypto.createHmac('sha256', secret).update(Buffer.from(bytesBase64, 'base64')).digest('base64'),
  }),

  signQuery: async ({ secret, query }) => ({
    hmac: await generateLocalHmac(library(secret).config)(joined(query)),
  }),

  verifyQuery: async ({ secret, query }) => ({
    valid: await library(secret).utils.validateHmac(new URLSearchParams(query)),
  }),

  sanitizeShop: ({ secret, shop }) => ({ shop: library(secret).utils.sanitizeShop(shop) }),
};

const realNow = Date.now;
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { op, now, ...question } = JSON.parse(line);
  Date.now = now === undefined ? realNow : () => now * 1000;
  let answer;
  try {
    answer = await operations[op](question);
  } catch (error) {
    answer = { error: error.constructor.name, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
