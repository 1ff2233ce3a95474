/**
 * The shape of the mock's objects, derived from the schema: every field must be
 * there, references are the objects themselves, and connections are functions.
 */
import type { introspection } from "../../src/gql/graphql-env.d.ts";

type Types = introspection["types"];

interface Scalars {
  ID: string;
  String: string;
  Int: number;
  Float: number;
  Boolean: boolean;
  DateTime: string;
  NaiveDate: string;
  ShopifyId: string;
  Int64: number;
  JSON: unknown;
}

type Named<Name> = Name extends keyof Scalars
  ? Scalars[Name]
  : Name extends keyof Types
    ? Types[Name] extends { enumValues: infer Values }
      ? Values
      : Row<Name>
    : never;

type Nullable<T> = T extends { kind: "NON_NULL"; ofType: infer Of }
  ? Present<Of>
  : Present<T> | null;

type Present<T> = T extends { kind: "LIST"; ofType: infer Of }
  ? Nullable<Of>[]
  : T extends { name: infer Name }
    ? Named<Name>
    : never;

export interface PageArgs {
  first?: number | null;
  after?: string | null;
}

type Field<T> = T extends { ofType: { kind: "OBJECT"; name: `${string}Connection` } }
  ? (args: PageArgs) => Nullable<T>
  : Nullable<T>;

export type Row<Name extends keyof Types> = Types[Name] extends { fields: infer Fields }
  ? { -readonly [Key in keyof Fields]: Fields[Key] extends { type: infer T } ? Field<T> : never }
  : never;

/** A page of rows as a connection; the cursor is the position. */
export function connection<T>(rows: T[], { first, after }: PageArgs) {
  const start = after ? Number(after) + 1 : 0;
  const size = Math.min(first ?? 25, 100);
  const edges = rows
    .slice(start, start + size)
    .map((node, index) => ({ cursor: String(start + index), node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: start + size < rows.length,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
