/** Offers that may be unmapped variants, and what to do about them. */
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";

export const MatchStateQuery = graphql(`
  query MatchState {
    matchRun {
      id
      seen
      certain
      doubtful
      beganAt
      endedAt
    }
    matchCounts {
      certain
      doubtful
    }
  }
`);

export const MatchesQuery = graphql(
  `
    query Matches($certain: Boolean!, $first: Int!, $after: String) {
      matchProposals(certain: $certain, first: $first, after: $after) {
        nodes {
          id
          foundBy
          code
          doubts
          variant {
            id
            sku
            barcode
            title
            productTitle
          }
          offer {
            id
            sku
            barcode
            title
            supplier {
              id
              name
            }
          }
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [PagerFields],
);

export const MatchVariants = graphql(`
  mutation MatchVariants {
    matchVariants {
      run {
        id
        endedAt
      }
      problems {
        field
        code
        message
      }
    }
  }
`);

export const AcceptMatches = graphql(`
  mutation AcceptMatches($ids: [ID!]!) {
    acceptMatches(ids: $ids) {
      done
      problems {
        field
        code
        message
      }
    }
  }
`);

export const RefuseMatches = graphql(`
  mutation RefuseMatches($ids: [ID!]!) {
    refuseMatches(ids: $ids) {
      done
      problems {
        field
        code
        message
      }
    }
  }
`);

export const AcceptCertainMatches = graphql(`
  mutation AcceptCertainMatches {
    acceptCertainMatches {
      began
      problems {
        field
        code
        message
      }
    }
  }
`);
