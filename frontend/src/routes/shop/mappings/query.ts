/** The shop's variants with what they are made of. */
import { VariantToMap } from "../../../components/mapping/mapping-editor";
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";

export const VariantsQuery = graphql(
  `
    query Variants($first: Int!, $after: String, $filter: VariantFilter) {
      variants(first: $first, after: $after, filter: $filter) {
        nodes {
          id
          sku
          title
          productTitle
          mapping {
            id
            alternatives {
              rank
              components {
                quantity
                offer {
                  id
                  sku
                  title
                  supplier {
                    id
                    name
                  }
                }
              }
            }
          }
          ...VariantToMap
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [VariantToMap, PagerFields],
);

const Saved = graphql(
  `
    fragment Saved on MappingPayload @_unmask {
      variant {
        id
        ...VariantToMap
      }
      problems {
        field
        code
        message
      }
    }
  `,
  [VariantToMap],
);

export const SaveMapping = graphql(
  `
    mutation SaveMapping($variantId: ShopifyId!, $alternatives: [AlternativeInput!]!) {
      saveMapping(variantId: $variantId, alternatives: $alternatives) {
        ...Saved
      }
    }
  `,
  [Saved],
);

export const DeleteMapping = graphql(
  `
    mutation DeleteMapping($variantId: ShopifyId!) {
      deleteMapping(variantId: $variantId) {
        ...Saved
      }
    }
  `,
  [Saved],
);
