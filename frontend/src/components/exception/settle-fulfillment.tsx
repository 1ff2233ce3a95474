/** Saying what became of a parcel's fulfillment: which of Shopify's it is, or that it was not made. */
import { Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { graphql, type ResultOf } from "../../gql/graphql";
import { useAction } from "../../lib/action";
import { useErrorText } from "../../lib/error-text";
import { formatDateTime } from "../../lib/format";
import { FormDialog } from "../dialog";
import { Failure } from "../feedback";
import type { ChoiceProps } from "./choices";
import { useFinish } from "./dialogs";
import { SettleFulfillment } from "./mutations";

const FulfillmentsInQuestion = graphql(`
  query FulfillmentsInQuestion($id: ID!) {
    fulfillmentsInQuestion(exceptionId: $id) {
      shopifyId
      name
      createdAt
      trackingCompany
      trackingNumbers
      lines {
        quantity
        orderLine {
          id
          title
        }
      }
    }
  }
`);

type InQuestion = ResultOf<typeof FulfillmentsInQuestion>["fulfillmentsInQuestion"][number];

export function ItIsThisOne({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const action = useAction(SettleFulfillment);
  const finish = useFinish(close);
  const [chosen, setChosen] = useState<string>();
  const [tried, setTried] = useState(false);
  // Shopify is asked: what it shows changes without our doing.
  const [{ data, fetching, error }] = useQuery({
    query: FulfillmentsInQuestion,
    variables: { id: exception.id },
    requestPolicy: "network-only",
  });
  const possible = data?.fulfillmentsInQuestion ?? [];

  return (
    <FormDialog
      title={t("exceptions.fulfilledTitle")}
      intro={t("exceptions.fulfilledIntro")}
      confirm={t("exceptions.fulfilledConfirm")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => {
        setTried(true);
        if (chosen) void finish(action.run({ id: exception.id, fulfillmentId: chosen }));
      }}
    >
      {fetching && <Text role="status">{t("exceptions.askingShopify")}</Text>}
      {error && <Failure>{errorText(error)}</Failure>}
      {data && possible.length === 0 && <Text>{t("exceptions.nothingInQuestion")}</Text>}
      {possible.length > 0 && (
        <Radio.Group
          label={t("exceptions.fulfilledWhich")}
          value={chosen ?? null}
          onChange={setChosen}
          error={tried && !chosen ? t("exceptions.chooseNeeded") : undefined}
        >
          <Stack gap="sm" mt="xs">
            {possible.map((one) => (
              <Radio
                key={one.shopifyId}
                value={one.shopifyId}
                label={[one.name, tracking(one) || t("shipment.noTracking")].join(", ")}
                description={`${contents(one)} · ${formatDateTime(new Date(one.createdAt))}`}
              />
            ))}
          </Stack>
        </Radio.Group>
      )}
    </FormDialog>
  );
}

function tracking({ trackingCompany, trackingNumbers }: InQuestion): string {
  return [trackingCompany, ...trackingNumbers].filter(Boolean).join(" ");
}

function contents({ lines }: InQuestion): string {
  return lines.map(({ quantity, orderLine }) => `${quantity} × ${orderLine.title}`).join(", ");
}

export function NotMade({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(SettleFulfillment);
  const finish = useFinish(close);
  return (
    <FormDialog
      title={t("exceptions.notFulfilledTitle")}
      intro={t("exceptions.notFulfilledIntro")}
      confirm={t("exceptionChoice.CONFIRM_NOT_FULFILLED")}
      danger
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void finish(action.run({ id: exception.id, fulfillmentId: null }))}
    />
  );
}
