/** One purchase order as its supplier sees it, and everything they can answer. */
import { AddressFields } from "../../../components/address";
import { graphql } from "../../../gql/graphql";
import { MoneyFields } from "../../../lib/format";

export const PurchaseOrderFields = graphql(
  `
    fragment PurchaseOrderFields on PurchaseOrder @_unmask {
      id
      number
      status
      shopName
      createdAt
      shipBy
      supplierReference
      cancelRequestedAt
      cancelReason
      total {
        ...MoneyFields
      }
      shipTo {
        ...AddressFields
      }
      lines {
        id
        sku
        title
        quantity
        accepted
        rejected
        shipped
        cancelled
        rejectReason
        unitCost {
          ...MoneyFields
        }
      }
      shipments {
        id
        reference
        carrier
        trackingNumber
        trackingUrl
        shippedAt
        lines {
          sku
          title
          quantity
        }
      }
    }
  `,
  [MoneyFields, AddressFields],
);

export const PurchaseOrderQuery = graphql(
  `
    query PurchaseOrder($id: ID!) {
      purchaseOrder(id: $id) {
        ...PurchaseOrderFields
      }
      carriers
    }
  `,
  [PurchaseOrderFields],
);

const Answered = graphql(
  `
    fragment Answered on PurchaseOrderPayload @_unmask {
      purchaseOrder {
        ...PurchaseOrderFields
      }
      problems {
        field
        code
        message
      }
    }
  `,
  [PurchaseOrderFields],
);

export const Acknowledge = graphql(
  `
    mutation Acknowledge($id: ID!, $lines: [AcknowledgeLineInput!]!, $reference: String) {
      acknowledgePurchaseOrder(id: $id, lines: $lines, reference: $reference) {
        ...Answered
      }
    }
  `,
  [Answered],
);

export const Ship = graphql(
  `
    mutation Ship($id: ID!, $input: ShipInput!) {
      shipPurchaseOrder(id: $id, input: $input) {
        ...Answered
      }
    }
  `,
  [Answered],
);

export const CorrectTracking = graphql(
  `
    mutation CorrectTracking(
      $shipmentId: ID!
      $carrier: String!
      $trackingNumber: String!
      $trackingUrl: String
    ) {
      correctTracking(
        shipmentId: $shipmentId
        carrier: $carrier
        trackingNumber: $trackingNumber
        trackingUrl: $trackingUrl
      ) {
        ...Answered
      }
    }
  `,
  [Answered],
);

export const AnswerCancellation = graphql(
  `
    mutation AnswerCancellation($id: ID!, $accepted: Boolean!, $reason: String) {
      answerCancellation(id: $id, accepted: $accepted, reason: $reason) {
        ...Answered
      }
    }
  `,
  [Answered],
);
