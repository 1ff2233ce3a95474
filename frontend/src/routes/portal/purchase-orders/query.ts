/** One page of a supplier's purchase orders. */
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";
import { MoneyFields } from "../../../lib/format";
import { PortalCountsFields } from "../query";

export const PurchaseOrderRow = graphql(
  `
    fragment PurchaseOrderRow on PurchaseOrder @_unmask {
      id
      number
      status
      shopName
      createdAt
      shipBy
      cancelRequestedAt
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
        shipped
      }
    }
  `,
  [MoneyFields],
);

export const PurchaseOrdersQuery = graphql(
  `
    query PurchaseOrders($first: Int!, $after: String, $filter: PurchaseOrderFilter) {
      purchaseOrders(first: $first, after: $after, filter: $filter) {
        nodes {
          ...PurchaseOrderRow
        }
        counts {
          ...PortalCountsFields
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [PurchaseOrderRow, PortalCountsFields, PagerFields],
);
