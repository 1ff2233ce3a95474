/** Signing in: with a password, or in the demo with one click. */
import { graphql } from "../../gql/graphql";

export const SignInPageQuery = graphql(`
  query SignInPage {
    demoSignInAvailable
    demoAccounts {
      kind
      name
      supplierKey
    }
  }
`);

export const SignInMutation = graphql(`
  mutation SignIn($email: String!, $password: String!) {
    signIn(email: $email, password: $password) {
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

export const DemoSignInMutation = graphql(`
  mutation DemoSignIn($as: ViewerKind!, $supplierKey: String) {
    demoSignIn(as: $as, supplierKey: $supplierKey) {
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
