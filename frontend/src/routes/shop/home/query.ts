/** The first page: what needs a person, and what moves by itself. */
import { ExceptionFields } from "../../../components/exception/exception-card";
import { graphql } from "../../../gql/graphql";
import { OrderRow } from "../orders/query";

export const HomeQuery = graphql(
  `
    query Home {
      shop {
        id
        counts {
          openExceptions
          awaitingRouting
          withSupplier
          shippedLast7Days
          unmappedVariants
        }
      }
      exceptions(first: 3, filter: { status: OPEN }) {
        nodes {
          id
          ...ExceptionFields
        }
      }
      orders(first: 8) {
        nodes {
          ...OrderRow
        }
      }
    }
  `,
  [ExceptionFields, OrderRow],
);
