/** Every supplier there is, where a form chooses among them: pages are read until there is no next one. */
import type { Client, DocumentInput } from "@urql/core";
import { useEffect, useState } from "react";
import { type CombinedError, useClient } from "urql";
import { graphql } from "../../gql/graphql";
import type { Live } from "../../lib/live";

export const SupplierChoice = graphql(`
  fragment SupplierChoice on Supplier @_unmask {
    id
    key
    name
    connection {
      id
    }
  }
`);

export const MoreSuppliers = graphql(
  `
    query MoreSuppliers($after: String!) {
      suppliers(first: 100, after: $after) {
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
  [SupplierChoice],
);

interface WithSuppliers<Supplier> {
  suppliers: {
    nodes: Supplier[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}
type More<Supplier> = DocumentInput<WithSuppliers<Supplier>, { after: string }>;

/**
 * The answer with all of its suppliers, none before the last of them is read; `more`
 * asks for the next ones. While it is asked again, the last whole answer stays.
 */
export function useAllSuppliers<Supplier, Data extends WithSuppliers<Supplier>>(
  live: Live<Data>,
  more: More<Supplier>,
): Live<Data> {
  const client = useClient();
  const [whole, setWhole] = useState<{ data?: Data; error?: CombinedError | undefined }>({});
  const { data } = live;
  const goesOn = data?.suppliers.pageInfo.hasNextPage === true;

  useEffect(() => {
    if (!data || !goesOn) return;
    let isCurrent = true;
    void readOn(client, more, data.suppliers).then(({ nodes, error }) => {
      if (!isCurrent) return;
      if (error) setWhole((before) => ({ ...before, error }));
      else setWhole({ data: { ...data, suppliers: { ...data.suppliers, nodes } } });
    });
    return () => {
      isCurrent = false;
    };
  }, [client, more, data, goesOn]);

  return goesOn ? { ...live, data: whole.data, error: live.error ?? whole.error } : live;
}

async function readOn<Supplier>(
  client: Client,
  more: More<Supplier>,
  first: WithSuppliers<Supplier>["suppliers"],
) {
  const nodes = [...first.nodes];
  let { pageInfo } = first;
  while (pageInfo.hasNextPage && pageInfo.endCursor) {
    const { data, error } = await client
      .query(more, { after: pageInfo.endCursor }, { requestPolicy: "network-only" })
      .toPromise();
    if (!data) return { nodes, error };
    nodes.push(...data.suppliers.nodes);
    pageInfo = data.suppliers.pageInfo;
  }
  return { nodes };
}
