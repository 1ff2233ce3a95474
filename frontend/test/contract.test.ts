/** Every document that the pages send, checked against the committed schema. */
import { readFileSync } from "node:fs";
import { buildSchema, type DocumentNode, Kind, validate } from "graphql";
import { describe, expect, it } from "vitest";

const modules = import.meta.glob<Record<string, unknown>>(
  ["../src/**/*.{ts,tsx}", "!**/*.test.*", "!../src/main.tsx"],
  {
    eager: true,
  },
);

function isDocument(value: unknown): value is DocumentNode {
  return (value as DocumentNode | undefined)?.kind === Kind.DOCUMENT;
}

const documents = Object.values(modules)
  .flatMap((exported) => Object.values(exported))
  .filter(isDocument)
  .filter(({ definitions }) => definitions[0]?.kind === Kind.OPERATION_DEFINITION);

const names = documents.map(({ definitions: [first] }) =>
  first?.kind === Kind.OPERATION_DEFINITION ? (first.name?.value ?? "") : "",
);

describe("the pages' documents", () => {
  const schema = buildSchema(readFileSync("schema.graphql", "utf8"));

  it("are found", () => {
    expect(names).toContain("Orders");
    expect(names.length).toBeGreaterThan(25);
  });

  it("have names of their own", () => {
    expect(names).not.toContain("");
    expect(new Set(names).size).toBe(new Set(documents).size);
  });

  it.each(documents.map((document, index) => [names[index], document] as const))(
    "%s fits the schema",
    (_, document) => {
      expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
    },
  );
});
