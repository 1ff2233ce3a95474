/** Choosing by hand who ships a line, as far as nothing of it was sent. */
import { NumberInput, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { AlternativeChoice } from "../../../components/alternative-choice";
import { FormDialog } from "../../../components/dialog";
import { RowsSkeleton } from "../../../components/feedback";
import { graphql } from "../../../gql/graphql";
import { ProblemFields, useAction } from "../../../lib/action";
import { MoneyFields } from "../../../lib/format";
import { useRequiredText } from "../../../lib/required-text";
import { tell } from "../../../lib/tell";

const Alternatives = graphql(
  `
    query LineAlternatives($id: ShopifyId!) {
      variant(id: $id) {
        id
        mapping {
          id
          alternatives {
            rank
            components {
              quantity
              offer {
                id
                title
                available
                cost {
                  ...MoneyFields
                }
                supplier {
                  id
                  name
                }
              }
            }
          }
        }
      }
    }
  `,
  [MoneyFields],
);

const OverrideRouting = graphql(
  `
  mutation OverrideRouting($orderId: ID!, $lineId: ID!, $parts: [OverridePart!]!, $reason: String!) {
    overrideRouting(orderId: $orderId, lineId: $lineId, parts: $parts, reason: $reason) {
      order {
        id
        status
      }
      problems {
        ...ProblemFields
      }
    }
  }
`,
  [ProblemFields],
);

interface DecideLineProps {
  orderId: string;
  line: { id: string; title: string; quantity: number; variantId: string };
  close: (done?: boolean) => void;
}

export function DecideLine({ orderId, line, close }: DecideLineProps) {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: Alternatives, variables: { id: line.variantId } });
  const action = useAction(OverrideRouting);
  const reason = useRequiredText<HTMLTextAreaElement>(t("order.cancelReasonNeeded"));
  const [offerId, setOfferId] = useState<string>();
  const [units, setUnits] = useState<number | string>("");
  const [tried, setTried] = useState(false);
  const alternatives = data?.variant?.mapping?.alternatives ?? [];
  const confirm = async () => {
    setTried(true);
    const text = reason.take();
    if (!text || !offerId) return;
    const quantity = units === "" ? null : Number(units);
    const parts = [{ offerId, quantity }];
    const outcome = await action.run({ orderId, lineId: line.id, parts, reason: text });
    if (!outcome.ok) return;
    tell(t("order.overridden"));
    close(true);
  };
  return (
    <FormDialog
      title={t("order.overrideTitle", { title: line.title })}
      intro={t("order.overrideIntro")}
      confirm={t("order.overrideConfirm")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    >
      {data ? (
        <AlternativeChoice
          label={t("exceptions.chooseTitle")}
          alternatives={alternatives}
          offerId={offerId}
          choose={setOfferId}
          missing={tried && !offerId}
        >
          {alternatives.length === 0 && (
            <Text size="sm" c="dimmed">
              {t("order.overrideUnmapped")}
            </Text>
          )}
        </AlternativeChoice>
      ) : (
        <RowsSkeleton rows={2} />
      )}
      {line.quantity > 1 && (
        <NumberInput
          label={t("order.overrideUnits")}
          description={t("order.overrideUnitsWhy")}
          min={1}
          max={line.quantity}
          allowDecimal={false}
          value={units}
          onChange={setUnits}
        />
      )}
      <Textarea
        label={t("order.cancelReason")}
        description={t("order.undoReasonWhy")}
        autosize
        minRows={2}
        maxLength={500}
        {...reason.props}
      />
    </FormDialog>
  );
}
