/** The suppliers a shop can buy from. */
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";

export const SuppliersQuery = graphql(
  `
    query Suppliers($first: Int!, $after: String) {
      suppliers(first: $first, after: $after) {
        nodes {
          id
          key
          name
          connector
          private
          currency
          offerCount
          openPurchaseOrders
          outage {
            since
          }
          connection {
            id
            priority
            active
            onTimePct
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

export const CreateSupplier = graphql(`
  mutation CreateSupplier($input: SupplierInput!) {
    createSupplier(input: $input) {
      supplier {
        id
        name
      }
      problems {
        field
        code
        message
      }
    }
  }
`);
