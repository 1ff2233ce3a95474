// What every operation must satisfy: valid in the full schema, free of deprecated parts, one
// operation per file under the file's name, equal fragments in every file, affordable, and
// readable with the scopes that the app asks for by default. Each check returns its complaints.

import {
  Kind,
  NoDeprecatedCustomRule,
  TypeInfo,
  getNamedType,
  getNullableType,
  isEnumType,
  isListType,
  isScalarType,
  print,
  specifiedRules,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';

const MAX_COST = 1000;
const MUTATION_COST = 10;
// The most ids that the app asks for at once, per operation that reads `nodes(ids:)`.
const NODES_BY_ID = { FulfillmentsByIds: 25, VariantsByIds: 100 };

/** Complaints that come from the schema alone. */
export function checkValid(schema, operations, { deprecations = true } = {}) {
  const rules = deprecations ? [...specifiedRules, NoDeprecatedCustomRule] : specifiedRules;
  return operations.flatMap(({ name, document }) =>
    validate(schema, document, rules).map((error) => `${name}: ${error.message}`),
  );
}

/** One operation per file, named as the file; a fragment reads the same wherever it stands. */
export function checkForm(operations) {
  const complaints = [];
  const fragments = new Map();
  for (const { name, document } of operations) {
    const own = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
    if (own.length !== 1 || own[0].name?.value !== name) {
      complaints.push(`${name}: the file must hold exactly one operation, named ${name}`);
    }
    for (const node of document.definitions.filter((other) => other.kind === Kind.FRAGMENT_DEFINITION)) {
      const text = print(node);
      const first = fragments.get(node.name.value);
      if (!first) fragments.set(node.name.value, { name, text });
      else if (first.text !== text) {
        complaints.push(`${name}: fragment ${node.name.value} differs from the one in ${first.name}`);
      }
    }
  }
  return complaints;
}

/**
 * Requested cost by Shopify's published rule, taken at its dearest: an object costs 1, a list or
 * connection its `first` times one element, a mutation 10 on top, scalars nothing.
 */
export function checkCost(schema, operations) {
  const complaints = [];
  const costs = {};
  for (const { name, document } of operations) {
    costs[name] = operationCost(schema, document, name);
    if (costs[name] >= MAX_COST) complaints.push(`${name}: may cost ${costs[name]} points; Shopify refuses above ${MAX_COST}`);
  }
  return { complaints, costs };
}

function operationCost(schema, document, name) {
  const fragments = new Map();
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const root = schema.getRootType(operation.operation);
  const base = operation.operation === 'mutation' ? MUTATION_COST : 0;
  return base + selectionCost(schema, root, operation.selectionSet, fragments, name);
}

function selectionCost(schema, parent, selectionSet, fragments, name) {
  let total = 0;
  for (const node of selectionSet.selections) {
    if (node.kind === Kind.FRAGMENT_SPREAD || node.kind === Kind.INLINE_FRAGMENT) {
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      total += selectionCost(schema, schema.getType(fragment.typeCondition.name.value), fragment.selectionSet, fragments, name);
    } else if (node.name.value !== '__typename') {
      total += fieldCost(schema, parent, node, fragments, name);
    }
  }
  return total;
}

function fieldCost(schema, parent, node, fragments, name) {
  const field = parent.getFields()[node.name.value];
  const type = getNamedType(field.type);
  if (isScalarType(type) || isEnumType(type)) return 0;
  const first = node.arguments.find((argument) => argument.name.value === 'first')?.value;
  if (first && first.kind !== Kind.INT) throw new Error(`${name}: ${node.name.value}(first:) must be a literal`);
  const size = first ? Number(first.value) : 1;
  if (type.name.endsWith('Connection')) {
    if (!first) throw new Error(`${name}: ${node.name.value} is not paginated`);
    const inner = (kind) =>
      node.selectionSet.selections
        .filter((child) => (child.name.value === 'pageInfo') === kind)
        .reduce((sum, child) => sum + fieldCost(schema, type, child, fragments, name), 0);
    return 1 + inner(true) + size * inner(false);
  }
  const each = 1 + selectionCost(schema, type, node.selectionSet, fragments, name);
  if (parent === schema.getQueryType() && node.name.value === 'nodes') return NODES_BY_ID[name] * each;
  return (isListType(getNullableType(field.type)) && first ? size : 1) * each;
}

/** The costs that the Rust side reserves, `query OrderById = 451, …`, are the computed ones. */
export function checkReserved(rustSource, costs) {
  const reserved = new Map();
  for (const [, name, cost] of rustSource.matchAll(/^ {4}(?:query|mutation) (\w+) = (\d+),/gm)) reserved.set(name, Number(cost));
  const names = new Set([...reserved.keys(), ...Object.keys(costs)]);
  return [...names]
    .filter((name) => reserved.get(name) !== costs[name])
    .map((name) => `${name}: operations.rs reserves ${reserved.get(name)} points, the document costs ${costs[name]}`);
}

/** Every type and field that is selected without `@include` must be readable with `granted`. */
export function checkScopes(schema, operations, items, granted) {
  const needs = new Map(items.map((item) => [`${item.typeName}.${item.fieldName ?? ''}`, item.offlineScopes]));
  const holds = new Set(granted.flatMap((scope) => [scope, scope.replace(/^write_/, 'read_')]));
  const complaints = new Set();
  const typeInfo = new TypeInfo(schema);
  for (const { name, document } of operations) {
    const require = (key) => {
      const anyOf = needs.get(key) ?? [];
      if (anyOf.length > 0 && !anyOf.some((scope) => holds.has(scope))) {
        complaints.add(`${name}: ${key} needs one of ${anyOf.join(', ')}`);
      }
    };
    visit(
      document,
      visitWithTypeInfo(typeInfo, {
        Field(node) {
          if (node.directives.some((directive) => directive.name.value === 'include')) return false;
          const parent = typeInfo.getParentType().name;
          require(`${parent}.${node.name.value}`);
          require(`${getNamedType(typeInfo.getType()).name}.`);
          return undefined;
        },
      }),
    );
  }
  return [...complaints];
}
