/** How orders are routed, and the way to change it. */
import { graphql } from "../../../gql/graphql";
import { ProblemFields } from "../../../lib/action";
import { SupplierChoice } from "../all-suppliers";

export const RoutingFields = graphql(`
  fragment RoutingFields on Routing @_unmask {
    strategy
    promisedDays
    shareDays
    weights {
      latePerDay
      perUnitDay
      perParcel
      perUnitNotOwn
      perUnitPriority
      perUnfilledPiece
      perLatePiece
    }
    shares {
      supplier
      percent
    }
    rates {
      from
      to
      rate
      on
    }
  }
`);

export const RoutingQuery = graphql(
  `
    query Routing {
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
      suppliers(first: 100) {
        nodes {
          ...SupplierChoice
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [RoutingFields, SupplierChoice],
);

export const UpdateRouting = graphql(
  `
    mutation UpdateRouting($input: RoutingInput!) {
      updateRouting(input: $input) {
        shop {
          id
          settings {
            routing {
              ...RoutingFields
            }
          }
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [RoutingFields, ProblemFields],
);
