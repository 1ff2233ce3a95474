// Makes src/shopify/schema/admin-<version>.graphql from Shopify's published schema (npm
// @shopify/dev-mcp), cut down to what src/shopify/queries uses and what the pretend Shopify offers
// beyond that (sandbox/tests/operations). `--check` writes nothing: it fails
// when the committed file has drifted or an operation breaks a rule of checks.mjs, and warns about
// what would break on the next version.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { buildClientSchema, buildSchema, lexicographicSortSchema, parse } from 'graphql';
import { checkCost, checkForm, checkReserved, checkScopes, checkValid } from './checks.mjs';
import { prune } from './prune.mjs';

const VERSION = '2026-10';
const NEXT = 'unstable';
const root = new URL('../../', import.meta.url);
const queriesFolder = new URL('src/shopify/queries/', root);
const sandboxFolder = new URL('sandbox/tests/operations/', root);
const schemaFile = new URL(`src/shopify/schema/admin-${VERSION}.graphql`, root);
const operationsFile = new URL('src/shopify/operations.rs', root);
const scopesFile = new URL('src/shopify/scopes.rs', root);

main(process.argv.includes('--check'));

function main(checkOnly) {
  const published = load(VERSION);
  const schema = lexicographicSortSchema(buildClientSchema(published.data));
  const operations = readOperations(queriesFolder);
  const offered = readOperations(sandboxFolder);
  const all = [...operations, ...offered];
  // Cost and scopes can be told of valid documents alone.
  failIfAny([...checkForm(operations), ...checkForm(offered), ...checkValid(schema, all)]);
  const cost = checkCost(schema, operations);
  failIfAny([
    ...cost.complaints,
    ...checkReserved(readFileSync(operationsFile, 'utf8'), cost.costs),
    ...checkScopes(schema, operations, published.offline_scopes.items, defaultScopes()),
  ]);

  const header = [
    `# Shopify's Admin API ${VERSION}, cut down to what src/shopify/queries and`,
    '# sandbox/tests/operations use.',
    '# Made by `npm run write` in tools/shopify-schema; do not edit.',
  ];
  const sdl = `${header.join('\n')}\n\n${prune(schema, all.map(({ document }) => document))}`;
  failIfAny(checkValid(buildSchema(sdl), all).map((complaint) => `against the trimmed schema: ${complaint}`));

  if (checkOnly) {
    if (sdl !== readFileSync(schemaFile, 'utf8')) {
      failIfAny([`${fileURLToPath(schemaFile)} is out of date: run \`npm run write\` in tools/shopify-schema`]);
    }
  } else {
    writeFileSync(schemaFile, sdl);
  }
  const dearest = Object.entries(cost.costs).sort(([, a], [, b]) => b - a)[0];
  console.log(`${operations.length} operations are valid on ${VERSION}; the dearest is ${dearest[0]} with ${dearest[1]} points`);
  const next = buildClientSchema(load(NEXT).data);
  for (const warning of checkValid(next, operations)) console.warn(`warning: on ${NEXT}: ${warning}`);
}

/** The published introspection answer without descriptions, which are nine tenths of it. */
function load(version) {
  const file = new URL(`node_modules/@shopify/dev-mcp/dist/data/admin_${version}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)), (key, value) => (key === 'description' ? undefined : value));
}

function readOperations(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.graphql$/, ''),
      document: parse(readFileSync(new URL(file, folder), 'utf8')),
    }));
}

/** The scopes the app asks for unless told otherwise, from the Rust source that owns them. */
function defaultScopes() {
  const list = /DEFAULT_SCOPES: &\[&str\] = &\[([^\]]*)\]/.exec(readFileSync(scopesFile, 'utf8'));
  if (!list) failIfAny([`${fileURLToPath(scopesFile)} has no DEFAULT_SCOPES`]);
  return [...list[1].matchAll(/"([a-z_]+)"/g)].map(([, scope]) => scope);
}

function failIfAny(complaints) {
  if (complaints.length === 0) return;
  for (const complaint of complaints) console.error(complaint);
  process.exit(1);
}
