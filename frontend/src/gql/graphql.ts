/**
 * The typed `graphql` tag: documents and fragments get their types from
 * schema.graphql. The environment file beside it is generated (`npm run gql`).
 */
import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./graphql-env.d.ts";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    ID: string;
    DateTime: string;
    NaiveDate: string;
    ShopifyId: string;
    Int64: number;
    JSON: unknown;
  };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from "gql.tada";
export { readFragment } from "gql.tada";

type Types = introspection["types"];

/** The values of one of the schema's enums. */
export type EnumOf<Name extends keyof Types> = Types[Name] extends { enumValues: infer Values }
  ? Values
  : never;
