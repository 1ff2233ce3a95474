/** The shop's routing as it is, drafts of it, and their comparisons. */
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";
import { ProblemFields } from "../../../lib/action";
import { MoneyFields } from "../../../lib/format";
import { RuleFields, RuleLanguageFields } from "../rules/query";
import { RoutingFields } from "../settings/routing-query";
import { CostsFields } from "../supplier/costs-query";

export const SupplierToDraft = graphql(
  `
    fragment SupplierToDraft on Supplier @_unmask {
      id
      key
      name
      currency
      connection {
        id
        active
        priority
        priceTolerancePct
        handlingDays
        cutoffHour
        dangerousGoods
        checksAge
        costs {
          ...CostsFields
        }
      }
    }
  `,
  [CostsFields],
);

/** What a draft begins with. */
export const LiveRoutingQuery = graphql(
  `
    query LiveRouting {
      shop {
        id
        currency
        timeZone
        settings {
          routing {
            ...RoutingFields
          }
        }
      }
      rulebook {
        rules {
          ...RuleFields
        }
        ...RuleLanguageFields
      }
      suppliers(first: 100) {
        nodes {
          ...SupplierToDraft
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [RoutingFields, RuleFields, RuleLanguageFields, SupplierToDraft],
);

export const MoreSuppliersToDraft = graphql(
  `
    query MoreSuppliersToDraft($after: String!) {
      suppliers(first: 100, after: $after) {
        nodes {
          ...SupplierToDraft
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [SupplierToDraft],
);

/** An earlier draft, to go on from. */
export const EarlierDraftQuery = graphql(
  `
    query EarlierDraft($id: ID!) {
      whatIfRun(id: $id) {
        id
        draftRouting {
          ...RoutingFields
        }
        draftRules {
          ...RuleFields
        }
        draftConnections {
          supplier {
            id
          }
          active
          priority
          priceTolerancePct
          handlingDays
          cutoffHour
          dangerousGoods
          checksAge
          costs {
            ...CostsFields
          }
        }
      }
    }
  `,
  [RoutingFields, RuleFields, CostsFields],
);

export const RunRow = graphql(
  `
    fragment RunRow on WhatIfRun @_unmask {
      id
      state
      since
      until
      askedBy
      askedAt
      endedAt
      failure
      differs
      ordersTotal
      ordersSeen
      ordersCompared
      ordersPriced
      ordersChanged
      live {
        strategy
        cost {
          amountMinor
          ...MoneyFields
        }
      }
      draft {
        strategy
        cost {
          amountMinor
          ...MoneyFields
        }
      }
    }
  `,
  [MoneyFields],
);

export const RunsQuery = graphql(
  `
    query WhatIfRuns($first: Int!, $after: String) {
      whatIfRuns(first: $first, after: $after) {
        nodes {
          ...RunRow
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [RunRow, PagerFields],
);

export const StartWhatIf = graphql(
  `
    mutation StartWhatIf($input: WhatIfInput!) {
      startWhatIf(input: $input) {
        run {
          id
          state
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [ProblemFields],
);

export const CancelWhatIf = graphql(
  `
    mutation CancelWhatIf($id: ID!) {
      cancelWhatIf(id: $id) {
        run {
          id
          state
          endedAt
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [ProblemFields],
);
