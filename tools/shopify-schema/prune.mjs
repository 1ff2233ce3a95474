// Cuts a schema down to what a set of operations uses. It keeps input types and enums whole,
// every argument of a field that is used, and all directive definitions, so that whoever executes
// or compiles against the result sees the same choices as in the full schema.

import { Kind, TypeInfo, parse, print, printSchema, visit, visitWithTypeInfo } from 'graphql';

/** The SDL of `schema` with nothing in it that `documents` cannot reach. */
export function prune(schema, documents) {
  const definitions = new Map();
  const directives = [];
  for (const node of parse(printSchema(schema)).definitions) {
    if (node.kind === Kind.DIRECTIVE_DEFINITION) directives.push(node);
    else if (node.kind !== Kind.SCHEMA_DEFINITION) definitions.set(node.name.value, node);
  }
  const used = usedFields(schema, documents);
  completeInterfaces(definitions, used.fields);
  const kept = reach(definitions, used, directives);
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType() };
  const operationTypes = Object.entries(roots)
    .filter(([, type]) => type && kept.has(type.name))
    .map(([operation, type]) => `  ${operation}: ${type.name}`);
  const types = [...kept].sort().map((name) => print(cut(definitions.get(name), used.fields, kept)));
  return [`schema {\n${operationTypes.join('\n')}\n}`, ...directives.map(print), ...types].join('\n\n') + '\n';
}

/** Which fields the operations select on which type, and which types they name. */
function usedFields(schema, documents) {
  const fields = new Map();
  const types = new Set();
  const typeInfo = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(typeInfo, {
    Field(node) {
      const parent = typeInfo.getParentType().name;
      if (!fields.has(parent)) fields.set(parent, new Set());
      if (node.name.value !== '__typename') fields.get(parent).add(node.name.value);
    },
    NamedType(node) {
      types.add(node.name.value);
    },
  });
  for (const document of documents) visit(document, visitor);
  for (const [name, own] of fields) {
    // Only `__typename` was asked of it, yet a type without fields is no type.
    if (own.size === 0) for (const field of Object.keys(schema.getType(name).getFields())) own.add(field);
  }
  return { fields, types };
}

/** A kept type must have the fields of each kept interface that it implements. */
function completeInterfaces(definitions, fields) {
  for (const [name, own] of fields) {
    for (const wanted of definitions.get(name).interfaces ?? []) {
      for (const field of fields.get(wanted.name.value) ?? []) own.add(field);
    }
  }
}

function reach(definitions, used, directives) {
  const kept = new Set();
  const queue = [...used.fields.keys(), ...used.types];
  for (const directive of directives) for (const argument of directive.arguments) queue.push(named(argument.type));
  while (queue.length > 0) {
    const name = queue.pop();
    const node = definitions.get(name);
    if (!node || kept.has(name)) continue;
    kept.add(name);
    if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) queue.push(...node.fields.map((field) => named(field.type)));
    for (const field of selected(node, used.fields)) {
      queue.push(named(field.type), ...field.arguments.map((argument) => named(argument.type)));
    }
  }
  return kept;
}

function selected(node, fields) {
  if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return [];
  return node.fields.filter((field) => fields.get(node.name.value)?.has(field.name.value));
}

function cut(node, fields, kept) {
  if (node.kind === Kind.UNION_TYPE_DEFINITION) {
    return { ...node, types: node.types.filter((type) => kept.has(type.name.value)) };
  }
  if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return node;
  return {
    ...node,
    interfaces: node.interfaces.filter((type) => kept.has(type.name.value)),
    fields: selected(node, fields),
  };
}

function named(type) {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : named(type.type);
}
