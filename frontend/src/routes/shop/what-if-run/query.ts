/** One comparison, and the orders that its draft would send elsewhere. */
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";
import { MoneyFields } from "../../../lib/format";
import { RunRow } from "../what-if/query";

const SideFields = graphql(`
  fragment SideFields on WhatIfSide @_unmask {
    parcels
    days
    ordersShort
    ordersUnpriced
  }
`);

const PartFields = graphql(
  `
    fragment PartFields on WhatIfPart @_unmask {
      orders
      pieces
      percent
      cost {
        ...MoneyFields
      }
    }
  `,
  [MoneyFields],
);

export const RunQuery = graphql(
  `
    query WhatIfRun($id: ID!) {
      whatIfRun(id: $id) {
        ...RunRow
        draftRulesNeverInForce
        cutOff
        live {
          ...SideFields
        }
        draft {
          ...SideFields
        }
        suppliers {
          supplier {
            id
            name
          }
          live {
            ...PartFields
          }
          draft {
            ...PartFields
          }
        }
      }
    }
  `,
  [RunRow, SideFields, PartFields],
);

const WayFields = graphql(
  `
    fragment WayFields on WhatIfWay @_unmask {
      suppliers
      unserved
      cost {
        amountMinor
        ...MoneyFields
      }
      parcels
      days
    }
  `,
  [MoneyFields],
);

export const ChangedOrdersQuery = graphql(
  `
    query ChangedOrders($id: ID!, $sort: WhatIfOrderSort, $first: Int!, $after: String) {
      whatIfRun(id: $id) {
        id
        changedOrders(sort: $sort, first: $first, after: $after) {
          nodes {
            number
            orderId
            name
            placedAt
            live {
              ...WayFields
            }
            draft {
              ...WayFields
            }
          }
          pageInfo {
            ...PagerFields
          }
        }
      }
    }
  `,
  [WayFields, PagerFields],
);
