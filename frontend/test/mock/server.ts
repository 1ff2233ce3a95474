/**
 * A pretend Orderyard: executes the real schema over a small world in memory.
 * It knows just enough of the rules for the pages to behave; it proves nothing
 * about the server.
 */
import { readFileSync } from "node:fs";
import { buildSchema, GraphQLError, type GraphQLSchema, graphql } from "graphql";
import { matchMutations, matchQueries } from "./matching.ts";
import { mutations } from "./mutations.ts";
import { queries } from "./queries.ts";
import { ruleMutations, ruleQueries } from "./rules.ts";
import { whatIfMutations, whatIfQueries } from "./what-if.ts";
import { makeWorld, type World } from "./world.ts";

export interface Context {
  world: World;
  /** `staff`, or `supplier:<key>`. */
  session: string | undefined;
  setSession: (session: string) => void;
}

export interface GraphQLRequest {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

const PUBLIC =
  /^(viewer|demoSignInAvailable|demoAccounts|invitation|signIn|demoSignIn|acceptInvitation|signOut|carriers)$/;

export class MockServer {
  readonly world: World;
  readonly asked: GraphQLRequest[] = [];
  private readonly schema: GraphQLSchema;
  private readonly root: Record<string, unknown>;

  constructor(options: { now?: Date; arrivals?: boolean } = {}) {
    this.world = makeWorld(options.now ?? new Date());
    this.schema = buildSchema(readFileSync("schema.graphql", "utf8"));
    this.root = guarded({
      ...queries,
      ...mutations,
      ...matchQueries,
      ...matchMutations,
      ...ruleQueries,
      ...ruleMutations,
      ...whatIfQueries,
      ...whatIfMutations,
    });
    if (!options.arrivals) return;
    setInterval(() => this.world.arrive(), 20_000).unref();
    setInterval(() => this.world.advance(), 4_000).unref();
  }

  async execute(request: GraphQLRequest, session: string | undefined) {
    this.asked.push(request);
    let changed: string | undefined;
    const contextValue: Context = {
      world: this.world,
      session,
      setSession: (next) => {
        changed = next;
      },
    };
    const body = await graphql({
      schema: this.schema,
      source: request.query,
      rootValue: this.root,
      contextValue,
      ...(request.variables && { variableValues: request.variables }),
      ...(request.operationName && { operationName: request.operationName }),
    });
    return { body, session: changed };
  }
}

type Resolver = (args: never, context: Context) => unknown;

/** Everything but signing in asks for a session, as the real server does. */
function guarded(resolvers: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(resolvers).map(([name, resolve]) => [
      name,
      (args: never, context: Context) => {
        if (!context.session && !PUBLIC.test(name)) {
          throw new GraphQLError("Sign in first.", { extensions: { code: "UNAUTHENTICATED" } });
        }
        return (resolve as Resolver)(args, context);
      },
    ]),
  );
}
