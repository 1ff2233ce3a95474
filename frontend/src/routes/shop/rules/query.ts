/** The shop's rules, what they may say, and the ways to change them. */
import { graphql } from "../../../gql/graphql";
import { ProblemFields } from "../../../lib/action";
import { SupplierChoice } from "../all-suppliers";

export const RuleFields = graphql(`
  fragment RuleFields on Rule @_unmask {
    id
    name
    when
    kind
    suppliers
    number
    enabled
    from
    until
    state
  }
`);

/** What conditions may ask about, and what each kind of rule may. */
export const RuleLanguageFields = graphql(`
  fragment RuleLanguageFields on Rulebook @_unmask {
    facts {
      name
      label
      about
      type
      values
    }
    kinds {
      kind
      about
    }
  }
`);

export const RulebookFields = graphql(
  `
    fragment RulebookFields on Rulebook @_unmask {
      version
      rules {
        ...RuleFields
      }
      versions(first: 10) {
        nodes {
          version
          what
          madeAt
          madeBy
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  `,
  [RuleFields],
);

export const RulesQuery = graphql(
  `
    query Rules {
      rulebook {
        ...RulebookFields
        ...RuleLanguageFields
      }
      suppliers(first: 100) {
        nodes {
          ...SupplierChoice
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [RulebookFields, RuleLanguageFields, SupplierChoice],
);

export const RuleHistoryQuery = graphql(`
  query RuleHistory($after: String) {
    rulebook {
      versions(first: 25, after: $after) {
        nodes {
          version
          what
          madeAt
          madeBy
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const PastRulesQuery = graphql(
  `
    query PastRules($version: Int!) {
      rulebookVersion(version: $version) {
        version
        rules {
          ...RuleFields
        }
      }
    }
  `,
  [RuleFields],
);

export const ConditionMistakeQuery = graphql(`
  query ConditionMistake($when: String!, $kind: RuleKind!) {
    conditionMistake(when: $when, kind: $kind) {
      message
      position {
        offset
        line
        column
      }
    }
  }
`);

export const SaveRule = graphql(
  `
    mutation SaveRule($id: ID, $input: RuleInput!, $version: Int) {
      saveRule(id: $id, input: $input, version: $version) {
        rulebook {
          ...RulebookFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [RulebookFields, ProblemFields],
);

export const DeleteRule = graphql(
  `
    mutation DeleteRule($id: ID!, $version: Int) {
      deleteRule(id: $id, version: $version) {
        rulebook {
          ...RulebookFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [RulebookFields, ProblemFields],
);

export const SwitchRule = graphql(
  `
    mutation SwitchRule($id: ID!, $enabled: Boolean!, $version: Int) {
      switchRule(id: $id, enabled: $enabled, version: $version) {
        rulebook {
          ...RulebookFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [RulebookFields, ProblemFields],
);

export const OrderRules = graphql(
  `
    mutation OrderRules($ids: [ID!]!, $version: Int) {
      orderRules(ids: $ids, version: $version) {
        rulebook {
          ...RulebookFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [RulebookFields, ProblemFields],
);

export const RestoreRules = graphql(
  `
    mutation RestoreRules($toVersion: Int!, $version: Int) {
      restoreRules(toVersion: $toVersion, version: $version) {
        rulebook {
          ...RulebookFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [RulebookFields, ProblemFields],
);
