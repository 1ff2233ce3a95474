/** The suppliers a shop can buy from. */
import { graphql } from "../../../gql/graphql";

export const SuppliersQuery = graphql(`
  query Suppliers {
    suppliers(first: 100) {
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
    }
  }
`);

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
