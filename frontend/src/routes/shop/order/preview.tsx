/** What routing would decide about the order now; nothing follows from it. */
import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Failure } from "../../../components/feedback";
import { Section } from "../../../components/section";
import { graphql } from "../../../gql/graphql";
import { useErrorText } from "../../../lib/error-text";
import { Plan, PlanFields } from "./plan";

const RoutePreviewQuery = graphql(
  `
    query RoutePreview($orderId: ID!) {
      routePreview(orderId: $orderId) {
        wholeOrder
        plan {
          ...PlanFields
        }
      }
    }
  `,
  [PlanFields],
);

export function Preview({ id }: { id: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [asked, setAsked] = useState(false);
  const [{ data, fetching, error }, again] = useQuery({
    query: RoutePreviewQuery,
    variables: { orderId: id },
    pause: !asked,
    requestPolicy: "network-only",
  });
  const preview = data?.routePreview;
  const ask = () => (asked ? again({ requestPolicy: "network-only" }) : setAsked(true));
  return (
    <>
      <Section title={t("preview.title")}>
        {preview && (
          <Text size="sm" mb="sm" role="status">
            {preview.wholeOrder ? t("preview.whole") : t("preview.waiting")}
          </Text>
        )}
        {error && <Failure>{errorText(error)}</Failure>}
        <Group>
          <Button variant="default" loading={fetching} onClick={ask}>
            {asked ? t("preview.again") : t("preview.show")}
          </Button>
        </Group>
      </Section>
      {preview && <Plan plan={preview.plan} title={t("preview.plan")} />}
    </>
  );
}
