/** Why this supplier: the decision line by line, with what was not taken and why. */
import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { TextLink } from "../../../components/links";
import { MoneyText } from "../../../components/money";
import { Section } from "../../../components/section";
import { PlanOutcomeBadge } from "../../../components/statuses";
import { FullTime } from "../../../components/time";
import { type FragmentOf, graphql, type ResultOf, readFragment } from "../../../gql/graphql";
import { MoneyFields } from "../../../lib/format";
import { sentence } from "../../../lib/sentence";
import {
  CostParts,
  CostPartsFields,
  LandedCost,
  LandedFields,
  RunnerUp,
  RunnerUpFields,
} from "./costs";
import classes from "./order.module.css";

export const PlanFields = graphql(
  `
    fragment PlanFields on RoutingPlan {
      id
      decidedAt
      strategy
      cost {
        ...MoneyFields
      }
      landed {
        ...LandedFields
      }
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
          sku
          title
          quantity
          unitCost {
            ...MoneyFields
          }
          supplier {
            id
          }
        }
        alone {
          ...CostPartsFields
        }
        runnerUp {
          ...RunnerUpFields
        }
        rejected {
          rank
          summary
          reason
          also
          alone {
            ...CostPartsFields
          }
        }
      }
    }
  `,
  [MoneyFields, LandedFields, CostPartsFields, RunnerUpFields],
);

type PlanLine = ResultOf<typeof PlanFields>["lines"][number];

interface PlanProps {
  plan: FragmentOf<typeof PlanFields> | null;
  /** Instead of “Why this supplier”. */
  title?: string;
  /** What it costs is of all its lines, and these are not all of them. */
  inPart?: boolean;
}

export function Plan({ plan: masked, title, inPart = false }: PlanProps) {
  const { t } = useTranslation();
  const plan = readFragment(PlanFields, masked);
  if (!plan) {
    return (
      <Section title={t("plan.title")}>
        <Text c="dimmed">{t("plan.none")}</Text>
      </Section>
    );
  }
  return (
    <Section
      title={title ?? t("plan.title")}
      flush
      intro={
        <>
          {t("plan.decided")} <FullTime at={plan.decidedAt} />
          {plan.strategy && (
            <>
              {" · "}
              {t(`strategy.${plan.strategy}`)}
            </>
          )}
          {plan.cost && !inPart && (
            <>
              {" · "}
              {t("plan.cost")} <MoneyText money={plan.cost} />
            </>
          )}
        </>
      }
    >
      {plan.landed && !inPart && <LandedCost landed={plan.landed} />}
      <ul className={classes.rows}>
        {plan.lines.map((line, index) => (
          // A line may be split: its title alone does not name the row.
          // biome-ignore lint/suspicious/noArrayIndexKey: a plan never changes its lines
          <li key={`${line.orderLine.id} ${index}`} className={classes.row}>
            <Line line={line} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Line({ line }: { line: PlanLine }) {
  const { t } = useTranslation();
  return (
    <>
      <Group gap="xs">
        <Text fw={600}>
          {line.quantity} × {line.orderLine.title}
        </Text>
        <PlanOutcomeBadge outcome={line.outcome} />
      </Group>
      {line.components.length > 0 && (
        <Stack gap={2} mt={6}>
          {line.components.map((component) => (
            <Group
              key={`${component.supplierName} ${component.sku}`}
              justify="space-between"
              wrap="nowrap"
              align="baseline"
              gap="sm"
            >
              <Text size="sm">
                {component.quantity} × {component.title}{" "}
                <span className={classes.sku}>{component.sku}</span> {t("plan.from")}{" "}
                {component.supplier ? (
                  <TextLink
                    to="/suppliers/$id"
                    params={{ id: component.supplier.id }}
                    underline="always"
                  >
                    {component.supplierName}
                  </TextLink>
                ) : (
                  component.supplierName
                )}
              </Text>
              <Text size="sm" style={{ whiteSpace: "nowrap" }}>
                {t("plan.each")} <MoneyText money={component.unitCost} />
              </Text>
            </Group>
          ))}
        </Stack>
      )}
      <Text size="sm" className={classes.reason}>
        {sentence(line.reason)}
      </Text>
      {line.alone && <CostParts parts={line.alone} />}
      {line.runnerUp && <RunnerUp second={line.runnerUp} />}
      {line.rejected.length > 0 && (
        <details className={classes.rejected} open>
          <summary>{t("plan.notTaken", { count: line.rejected.length })}</summary>
          <ul>
            {line.rejected.map(({ rank, summary, reason, also, alone }) => (
              <li key={rank}>
                <strong>{summary}</strong>: {[reason, ...also].map(sentence).join(" ")}
                {alone && <CostParts parts={alone} />}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
