/** One supplier, its offers, and what staff may change of both. */
import { OutageFields } from "../../../components/outage";
import { PagerFields } from "../../../components/pager";
import { graphql } from "../../../gql/graphql";
import { ProblemFields } from "../../../lib/action";
import { MoneyFields } from "../../../lib/format";
import { CostsFields } from "./costs-query";

export const SupplierFields = graphql(
  `
  fragment SupplierFields on Supplier @_unmask {
    id
    key
    name
    connector
    private
    currency
    endpoint
    offerCount
    openPurchaseOrders
    outage {
      ...OutageFields
    }
    asking {
      offered
      problem
    }
    connection {
      id
      priority
      priceTolerancePct
      handlingDays
      answerHours
      cutoffHour
      dangerousGoods
      checksAge
      active
      onTimePct
      costs {
        ...CostsFields
      }
    }
  }
`,
  [OutageFields, CostsFields],
);

export const SupplierQuery = graphql(
  `
    query Supplier($id: ID!) {
      supplier(id: $id) {
        ...SupplierFields
      }
    }
  `,
  [SupplierFields],
);

export const OfferRow = graphql(
  `
    fragment OfferRow on Offer @_unmask {
      id
      sku
      barcode
      title
      stock
      available
      weightG
      dangerousGoods
      minimumAge
      sizeMm
      shipsTo
      active
      updatedAt
      priceBreaks {
        from
        cost
      }
      cost {
        ...MoneyFields
        decimalText: decimal
      }
    }
  `,
  [MoneyFields],
);

export const SupplierOffersQuery = graphql(
  `
    query SupplierOffers($first: Int!, $after: String, $supplierId: ID!, $search: String) {
      offers(first: $first, after: $after, filter: { supplierId: $supplierId, search: $search }) {
        nodes {
          ...OfferRow
        }
        pageInfo {
          ...PagerFields
        }
      }
    }
  `,
  [OfferRow, PagerFields],
);

export const ConnectSupplier = graphql(
  `
    mutation ConnectSupplier($supplierId: ID!, $input: ConnectionInput!) {
      connectSupplier(supplierId: $supplierId, input: $input) {
        supplier {
          ...SupplierFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [SupplierFields, ProblemFields],
);

export const UpdateSupplier = graphql(
  `
    mutation UpdateSupplier($id: ID!, $input: SupplierUpdateInput!) {
      updateSupplier(id: $id, input: $input) {
        supplier {
          ...SupplierFields
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [SupplierFields, ProblemFields],
);

export const SaveOffer = graphql(
  `
    mutation SaveOffer($input: OfferInput!) {
      saveOffer(input: $input) {
        offer {
          ...OfferRow
          supplier {
            id
            offerCount
          }
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [OfferRow, ProblemFields],
);

export const InviteSupplierUser = graphql(
  `
  mutation InviteSupplierUser($supplierId: ID!, $email: String!) {
    inviteSupplierUser(supplierId: $supplierId, email: $email) {
      link
      problems {
        ...ProblemFields
      }
    }
  }
`,
  [ProblemFields],
);

export const CreateSupplierKey = graphql(
  `
  mutation CreateSupplierKey($supplierId: ID!) {
    createSupplierKey(supplierId: $supplierId) {
      key
      problems {
        ...ProblemFields
      }
    }
  }
`,
  [ProblemFields],
);
