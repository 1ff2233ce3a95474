/** Everything about one order; its history comes page by page. */

import { AddressFields } from "../../../components/address";
import { ExceptionFields } from "../../../components/exception/exception-card";
import { graphql } from "../../../gql/graphql";
import { MoneyFields } from "../../../lib/format";
import { DelayedWorkFields } from "./delayed-work";
import { OrderFulfillment } from "./fulfillments";
import { LineFields } from "./lines";
import { PlanFields } from "./plan";
import { OrderPurchaseOrder } from "./purchase-orders";
import { OrderShipment } from "./shipments";

export const OrderQuery = graphql(
  `
    query Order($id: ID!) {
      shop {
        id
        settings {
          automation
        }
      }
      order(id: $id) {
        id
        name
        status
        reason
        takenCareOf
        financialStatus
        createdAt
        importedAt
        cancelledAt
        adminUrl
        total {
          ...MoneyFields
        }
        shipTo {
          ...AddressFields
        }
        lines {
          id
          ...LineFields
        }
        plan {
          ...PlanFields
        }
        earlierPlans {
          id
          ...PlanFields
        }
        purchaseOrders {
          id
          ...OrderPurchaseOrder
        }
        shipments {
          id
          ...OrderShipment
        }
        fulfillments {
          id
          ...OrderFulfillment
        }
        exceptions {
          id
          status
          ...ExceptionFields
        }
        delayedWork {
          ...DelayedWorkFields
        }
      }
    }
  `,
  [
    MoneyFields,
    AddressFields,
    LineFields,
    PlanFields,
    OrderPurchaseOrder,
    OrderShipment,
    OrderFulfillment,
    ExceptionFields,
    DelayedWorkFields,
  ],
);

export const OrderEventsQuery = graphql(`
  query OrderEvents($id: ID!, $first: Int!, $after: String) {
    order(id: $id) {
      id
      events(first: $first, after: $after) {
        nodes {
          id
          at
          actor
          kind
          message
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);
