/** Tries the mapping as it stands in the form on an order: the plan that routing would make of it. */
import { Button, Group, List, Select, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { graphql, type ResultOf } from "../../gql/graphql";
import { type Problem, ProblemFields } from "../../lib/action";
import { formatMoney, MoneyFields } from "../../lib/format";
import { useLive } from "../../lib/live";
import { sentence } from "../../lib/sentence";
import { Failure } from "../feedback";
import { PlanOutcomeBadge } from "../statuses";
import type { AlternativesInput } from "./mapping-editor";

export const OrdersToTry = graphql(`
  query OrdersToTry {
    orders(first: 50) {
      nodes {
        id
        name
        lines {
          id
          variant {
            id
          }
        }
      }
    }
  }
`);

export const TryMapping = graphql(
  `
    query TryMapping(
      $orderId: ID!
      $variantId: ShopifyId!
      $alternatives: [AlternativeInput!]!
    ) {
      tryMapping(orderId: $orderId, variantId: $variantId, alternatives: $alternatives) {
        lines {
          quantity
          outcome
          reason
          orderLine {
            id
            title
            variantTitle
          }
          components {
            supplierName
            title
            quantity
            unitCost {
              ...MoneyFields
            }
          }
        }
        problems {
          ...ProblemFields
        }
      }
    }
  `,
  [MoneyFields, ProblemFields],
);

type Line = ResultOf<typeof TryMapping>["tryMapping"]["lines"][number];

export type OrderToTry = Pick<
  ResultOf<typeof OrdersToTry>["orders"]["nodes"][number],
  "id" | "name"
>;

interface TrialProps {
  variantId: string;
  /** The order that the mapping is made for, if it is for one: however old, it can be tried. */
  order?: OrderToTry | null | undefined;
  /** None while something is missing. */
  input: () => AlternativesInput | undefined;
  /** Says at the form's fields what is wrong with them; nothing is, where there are no problems. */
  onRefused: (problems: readonly Problem[]) => void;
}

export function Trial({ variantId, order, input, onRefused }: TrialProps) {
  const { t } = useTranslation();
  const client = useClient();
  const orders = useOrdersToTry(variantId, order);
  const [orderId, setOrderId] = useState<string | null>(null);
  const [lines, setLines] = useState<readonly Line[]>();
  const [failure, setFailure] = useState<string>();
  const [running, setRunning] = useState(false);
  if (!orders) return null;
  if (orders.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("mappingTrial.none")}
      </Text>
    );
  }
  const chosen = orderId ?? orders[0]?.id ?? null;

  const run = async () => {
    const alternatives = input();
    if (!alternatives || !chosen) return;
    setRunning(true);
    const variables = { orderId: chosen, variantId, alternatives };
    const answer = await client
      .query(TryMapping, variables, { requestPolicy: "network-only" })
      .toPromise();
    setRunning(false);
    const trial = answer.data?.tryMapping;
    const problems = trial?.problems.map(({ message }) => sentence(message)).join(" ");
    onRefused(trial?.problems ?? []);
    setFailure(answer.error ? t("error.unknown") : problems || undefined);
    setLines(trial && !problems ? trial.lines : undefined);
  };

  return (
    <div>
      <Group gap="sm" align="flex-end">
        <Select
          label={t("mappingTrial.order")}
          size="xs"
          data={orders.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={setOrderId}
          allowDeselect={false}
          w={160}
        />
        <Button size="xs" variant="default" loading={running} onClick={() => void run()}>
          {t("mappingTrial.try")}
        </Button>
      </Group>
      <div role="status">
        {failure && <Failure>{failure}</Failure>}
        {lines && (
          <>
            <Text size="sm" c="dimmed" mt="xs">
              {t("mappingTrial.plan")}
            </Text>
            <List size="sm" spacing={4}>
              {lines.map((line, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a plan never changes its lines
                <List.Item key={`${line.orderLine.id} ${index}`}>
                  {line.quantity} × {line.orderLine.title}{" "}
                  <PlanOutcomeBadge outcome={line.outcome} /> {made(line)} {sentence(line.reason)}
                </List.Item>
              ))}
            </List>
          </>
        )}
      </div>
    </div>
  );
}

/** The given order first, then the newest that have the variant; undefined while none is known. */
function useOrdersToTry(
  variantId: string,
  given: OrderToTry | null | undefined,
): readonly OrderToTry[] | undefined {
  const { data } = useLive({ query: OrdersToTry });
  const newest = data?.orders.nodes.filter(
    ({ id, lines }) => id !== given?.id && lines.some(({ variant }) => variant?.id === variantId),
  );
  return given ? [given, ...(newest ?? [])] : newest;
}

function made({ components }: Line): string {
  const one = ({ quantity, title, supplierName, unitCost }: Line["components"][number]) =>
    `${quantity} × ${title} (${supplierName}, ${formatMoney(unitCost)})`;
  return components.map(one).join(" + ");
}
