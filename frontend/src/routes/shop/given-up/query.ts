/** Work that was given up and deliveries that led nowhere, and what can be done about them. */
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";

export const DeadJobFields = graphql(`
  fragment DeadJobFields on DeadJob {
    id
    name
    attempts
    lastError
    createdAt
    lastTriedAt
    payload
    order {
      id
      name
    }
  }
`);

export const LostDeliveryFields = graphql(`
  fragment LostDeliveryFields on LostDelivery {
    id
    topic
    webhookId
    receivedAt
    fate
    note
    body
    canBeReplayed
  }
`);

export const DeadJobsQuery = graphql(
  `
    query DeadJobs($first: Int!, $after: String) {
      deadJobs(first: $first, after: $after) {
        nodes {
          id
          ...DeadJobFields
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [DeadJobFields, PagerFields],
);

export const LostDeliveriesQuery = graphql(
  `
    query LostDeliveries($first: Int!, $after: String) {
      lostDeliveries(first: $first, after: $after) {
        nodes {
          id
          ...LostDeliveryFields
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [LostDeliveryFields, PagerFields],
);

export const RequeueJob = graphql(`
  mutation RequeueJob($id: ID!) {
    requeueJob(id: $id) {
      id
      problems {
        field
        code
        message
      }
    }
  }
`);

export const DismissJob = graphql(`
  mutation DismissJob($id: ID!) {
    dismissJob(id: $id) {
      id
      problems {
        field
        code
        message
      }
    }
  }
`);

export const ReplayDelivery = graphql(`
  mutation ReplayDelivery($id: ID!) {
    replayDelivery(id: $id) {
      id
      problems {
        field
        code
        message
      }
    }
  }
`);
