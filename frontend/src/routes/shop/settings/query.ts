/** The shop's settings and the ways to change them. */
import { graphql } from "../../../gql/graphql";
import { ProblemFields } from "../../../lib/action";

export const SettingsFields = graphql(`
  fragment SettingsFields on Shop @_unmask {
    id
    name
    domain
    currency
    timeZone
    status
    settings {
      automation
      notifyCustomer
      kitFulfillment
      allLocations
      undoMinutes
      review {
        firstOrder
        above
        risk
        tags
      }
    }
    locations {
      id
      name
      selected
    }
    reconciliation {
      repairedLast7Days
      last {
        id
        endedAt
        seen
        ordersMissing
        ordersOutdated
        subscriptionsMissing
        workResumed
        asked
        reportsMissed
      }
    }
  }
`);

export const SettingsQuery = graphql(
  `
    query Settings {
      shop {
        ...SettingsFields
      }
    }
  `,
  [SettingsFields],
);

export const UpdateSettings = graphql(
  `
    mutation UpdateSettings($input: ShopSettingsInput!) {
      updateShopSettings(input: $input) {
        shop {
          ...SettingsFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [SettingsFields, ProblemFields],
);

export const ReplanOrders = graphql(
  `
    mutation ReplanOrders {
      replanOrders {
        shop {
          id
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [ProblemFields],
);

export const InviteStaff = graphql(
  `
  mutation InviteStaff($email: String!) {
    inviteStaff(email: $email) {
      link
      problems {
        ...ProblemFields
      }
    }
  }
`,
  [ProblemFields],
);
