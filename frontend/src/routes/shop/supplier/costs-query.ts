/** What a supplier charges besides the goods, and the way to change it. */
import { graphql } from "../../../gql/graphql";
import { ProblemFields } from "../../../lib/action";

export const CostsFields = graphql(`
  fragment CostsFields on ConnectionCosts @_unmask {
    currency
    perOrder
    perParcel
    ownStock
    fillRatePct
    zones {
      name
      countries
      provinces
      postcodes {
        prefix
        from
        to
      }
      transitDays
      dutyPct
      taxPct
      brackets {
        upToG
        cost
      }
    }
  }
`);

export const SaveCosts = graphql(
  `
    mutation SaveConnectionCosts($supplierId: ID!, $input: ConnectionCostsInput) {
      saveConnectionCosts(supplierId: $supplierId, input: $input) {
        supplier {
          id
          connection {
            id
            costs {
              ...CostsFields
            }
          }
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [CostsFields, ProblemFields],
);
