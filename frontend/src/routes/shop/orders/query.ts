/** One page of the shop's orders. */

import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";
import { MoneyFields } from "../../../lib/format";

export const OrderRow = graphql(
  `
    fragment OrderRow on Order @_unmask {
      id
      name
      status
      reason
      createdAt
      total {
        ...MoneyFields
      }
      shipTo {
        name
        city
        countryCode
      }
      lines {
        id
        title
        quantity
      }
    }
  `,
  [MoneyFields],
);

export const OrdersQuery = graphql(
  `
    query Orders($first: Int!, $after: String, $filter: OrderFilter) {
      orders(first: $first, after: $after, filter: $filter) {
        nodes {
          ...OrderRow
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [OrderRow, PagerFields],
);
