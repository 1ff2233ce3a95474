/** How an exception is settled; each answer brings back what the pages show of it. */
import { graphql } from "../../gql/graphql";

const Settled = graphql(`
  fragment Settled on ExceptionPayload @_unmask {
    exception {
      id
      status
      resolution
      resolvedAt
      order {
        id
        status
      }
    }
    problems {
      field
      code
      message
    }
  }
`);

export const RetryException = graphql(
  `
    mutation RetryException($id: ID!) {
      retryException(exceptionId: $id) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const ResolveByMapping = graphql(
  `
    mutation ResolveByMapping($id: ID!, $alternatives: [AlternativeInput!]!) {
      resolveByMapping(exceptionId: $id, alternatives: $alternatives) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const ChooseSupplierMutation = graphql(
  `
    mutation ChooseSupplier($id: ID!, $offerId: ID!) {
      chooseSupplier(exceptionId: $id, offerId: $offerId) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const AcceptPriceMutation = graphql(
  `
    mutation AcceptPrice($id: ID!) {
      acceptPrice(exceptionId: $id) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const SettleUnknown = graphql(
  `
    mutation SettleUnknown($id: ID!, $placed: Boolean!, $supplierReference: String) {
      settleUnknown(exceptionId: $id, placed: $placed, supplierReference: $supplierReference) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const SettleFulfillment = graphql(
  `
    mutation SettleFulfillment($id: ID!, $fulfillmentId: ShopifyId) {
      settleFulfillment(exceptionId: $id, fulfillmentId: $fulfillmentId) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const SettleByHand = graphql(
  `
    mutation SettleByHand($id: ID!, $choice: ByHandChoice!) {
      settleFulfilledByHand(exceptionId: $id, choice: $choice) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const MarkHandledMutation = graphql(
  `
    mutation MarkHandled($id: ID!, $note: String!) {
      markHandled(exceptionId: $id, note: $note) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const ReleasePurchaseOrder = graphql(
  `
    mutation ReleasePurchaseOrder($id: ID!) {
      releasePurchaseOrder(exceptionId: $id) {
        ...Settled
      }
    }
  `,
  [Settled],
);

export const RefusePurchaseOrder = graphql(
  `
    mutation RefusePurchaseOrder($id: ID!, $note: String!) {
      refusePurchaseOrder(exceptionId: $id, note: $note) {
        ...Settled
      }
    }
  `,
  [Settled],
);
