/** What every page of the portal shows around itself. */
import { graphql } from "../../gql/graphql";

export const PortalCountsFields = graphql(`
  fragment PortalCountsFields on PortalCounts @_unmask {
    new
    toShip
    pastShipBy
    cancelRequested
    done
  }
`);

export const PortalShellQuery = graphql(
  `
    query PortalShell {
      viewer {
        id
        kind
        name
        supplier {
          id
          name
        }
      }
    }
  `,
);

export const PortalCountsQuery = graphql(
  `
    query PortalCounts {
      purchaseOrders(first: 1) {
        counts {
          ...PortalCountsFields
        }
      }
    }
  `,
  [PortalCountsFields],
);
