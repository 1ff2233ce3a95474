/** The mock's matches: two to decide on, found in one step. */
import { nextId } from "./builders.ts";
import { connection, type PageArgs, type Row } from "./row.ts";
import type { Context } from "./server.ts";
import type { World } from "./world.ts";

type Proposal = Row<"MatchProposal">;

const fine = { problems: [] };

export function makeProposals(world: World): Proposal[] {
  const of = (sku: string, offerSku: string, doubts: Proposal["doubts"]): Proposal[] => {
    const variant = world.variants.find((row) => row.sku === sku);
    const offer = world.offers.find((row) => row.sku === offerSku);
    if (!variant || !offer || variant.mapping) return [];
    const code = sku.toLowerCase();
    const certain = doubts.length === 0;
    return [{ id: nextId(), variant, offer, foundBy: "SKU", code, doubts, certain }];
  };
  return [
    ...of("TOTE-01", world.offers[1]?.sku ?? "", []),
    ...of("CANDLE-FIG", world.offers[3]?.sku ?? "", ["SEVERAL_OFFERS", "BARCODES_DIFFER"]),
  ];
}

type Mapped = readonly { components: readonly { offerId: string }[] }[];

/** The place of the first offer that is not there. */
export function unknownOffer(alternatives: Mapped, world: World): string[] | undefined {
  for (const [rank, { components }] of alternatives.entries()) {
    const at = components.findIndex(({ offerId }) =>
      world.offers.every(({ id }) => id !== offerId),
    );
    if (at >= 0) return ["alternatives", String(rank), "components", String(at), "offerId"];
  }
  return undefined;
}

function take(world: World, ids: string[]): Proposal[] {
  const taken = world.proposals.filter(({ id }) => ids.includes(id));
  world.proposals = world.proposals.filter(({ id }) => !ids.includes(id));
  return taken;
}

function mapTo({ variant, offer }: Proposal) {
  variant.mapping = {
    id: nextId(),
    alternatives: [
      {
        rank: 1,
        validFrom: null,
        validUntil: null,
        components: [{ offer, quantity: 1, acceptedCost: offer.cost }],
      },
    ],
  };
}

export const matchQueries = {
  tryMapping: ({ alternatives }: { alternatives: Mapped }, { world }: Context) => {
    const field = unknownOffer(alternatives, world);
    const problems = field ? [{ field, code: "INVALID", message: "there is no such offer" }] : [];
    return { lines: [], problems };
  },
  matchRun: (_: unknown, { world }: Context) => world.matchRun,
  matchCounts: (_: unknown, { world }: Context) => ({
    certain: world.proposals.filter(({ certain }) => certain).length,
    doubtful: world.proposals.filter(({ certain }) => !certain).length,
  }),
  matchProposals: ({ certain, ...page }: PageArgs & { certain: boolean }, { world }: Context) =>
    connection(
      world.proposals.filter((proposal) => proposal.certain === certain),
      page,
    ),
};

export const matchMutations = {
  matchVariants: (_: unknown, { world }: Context) => {
    world.proposals = makeProposals(world);
    const at = world.now.toISOString();
    world.matchRun = { id: nextId(), seen: 3, certain: 1, doubtful: 1, beganAt: at, endedAt: at };
    return { run: world.matchRun, ...fine };
  },
  acceptMatches: ({ ids }: { ids: string[] }, { world }: Context) => {
    for (const proposal of take(world, ids)) mapTo(proposal);
    return { done: ids, ...fine };
  },
  refuseMatches: ({ ids }: { ids: string[] }, { world }: Context) => {
    take(world, ids);
    return { done: ids, ...fine };
  },
  acceptCertainMatches: (_: unknown, { world }: Context) => {
    const certain = world.proposals.filter((proposal) => proposal.certain);
    for (const proposal of take(
      world,
      certain.map(({ id }) => id),
    ))
      mapTo(proposal);
    return { began: true, ...fine };
  },
};
