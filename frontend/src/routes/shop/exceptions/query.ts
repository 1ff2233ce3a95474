/** One page of what needs a decision. */
import { ExceptionFields } from "../../../components/exception/exception-card";
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";

export const ExceptionsQuery = graphql(
  `
    query Exceptions($first: Int!, $after: String, $filter: ExceptionFilter) {
      exceptions(first: $first, after: $after, filter: $filter) {
        nodes {
          id
          ...ExceptionFields
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [ExceptionFields, PagerFields],
);
