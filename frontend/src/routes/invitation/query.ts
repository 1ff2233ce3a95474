/** What an invitation link is for, and accepting it. */
import { graphql } from "../../gql/graphql";

export const InvitationQuery = graphql(`
  query Invitation($token: String!) {
    invitation(token: $token) {
      email
      kind
      for
      expiresAt
    }
  }
`);

export const AcceptInvitationMutation = graphql(`
  mutation AcceptInvitation($token: String!, $name: String!, $password: String!) {
    acceptInvitation(token: $token, name: $name, password: $password) {
      viewer {
        id
        kind
      }
      problems {
        field
        code
        message
      }
    }
  }
`);
