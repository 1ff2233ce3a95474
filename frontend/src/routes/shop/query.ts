/** What every page of the dashboard shows around itself. */
import { OutageFields } from "../../components/outage";
import { graphql } from "../../gql/graphql";

export const ShopShellQuery = graphql(
  `
  query ShopShell {
    viewer {
      id
      kind
      name
      shop {
        id
        name
        domain
        status
        outage {
          ...OutageFields
        }
        settings {
          automation
        }
        counts {
          deadJobs
          openExceptions
          unmappedVariants
        }
      }
    }
  }
`,
  [OutageFields],
);
