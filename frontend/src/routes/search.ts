/**
 * What the addresses may carry, page by page. A value that is not understood is
 * dropped, so that an old bookmark still opens the page.
 */
import * as z from "zod/mini";
import type { EnumOf } from "../gql/graphql";

const text = z.catch(z.optional(z.string().check(z.maxLength(200))), undefined);
const day = z.catch(z.optional(z.iso.date()), undefined);
const buckets = z.enum({
  NEW: "NEW",
  TO_SHIP: "TO_SHIP",
  PAST_SHIP_BY: "PAST_SHIP_BY",
  CANCEL_REQUESTED: "CANCEL_REQUESTED",
  DONE: "DONE",
} satisfies { [Bucket in EnumOf<"PortalBucket">]: Bucket });

export const signInSearch = z.object({ return: text });

export const ordersSearch = z.object({
  /** One or more statuses, comma-separated. */
  status: text,
  q: text,
  from: day,
  to: day,
  after: text,
});

export const exceptionsSearch = z.object({
  show: z.catch(z.optional(z.enum(["resolved"])), undefined),
  kind: text,
  after: text,
});

export const givenUpSearch = z.object({
  /** Cursors of the two lists. */
  jobs: text,
  deliveries: text,
});

export const suppliersSearch = z.object({ after: text });

export const supplierSearch = z.object({ q: text, after: text });

export const mappingsSearch = z.object({
  show: z.catch(z.optional(z.enum(["unmapped"])), undefined),
  q: text,
  after: text,
});

export const matchesSearch = z.object({
  show: z.catch(z.optional(z.enum(["doubtful"])), undefined),
  after: text,
});

export const whatIfSearch = z.object({
  /** The comparison whose draft is gone on from. */
  from: text,
  after: text,
});

export const whatIfRunSearch = z.object({
  sort: z.catch(z.optional(z.enum(["saving"])), undefined),
  after: text,
});

export const portalSearch = z.object({
  bucket: z.catch(z.optional(buckets), undefined),
  q: text,
  after: text,
});
