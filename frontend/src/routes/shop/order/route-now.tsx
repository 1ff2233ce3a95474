/** While automation is off, somebody says when an order is routed and placed. */
import { Button, Group, Text } from "@mantine/core";
import { CirclePause } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { Notice } from "../../../components/notice";
import { graphql } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { tell } from "../../../lib/tell";

const RouteOrder = graphql(`
  mutation RouteOrder($id: ID!) {
    routeOrder(id: $id) {
      order {
        id
        status
      }
      problems {
        field
        code
        message
      }
    }
  }
`);

export function RouteNow({ id }: { id: string }) {
  const { t } = useTranslation();
  const route = useAction(RouteOrder);
  const run = async () => {
    const outcome = await route.run({ id });
    if (outcome.ok) tell(t("order.routing"));
  };
  return (
    <Notice tone="warn" icon={<CirclePause size={18} />} title={t("order.waitsForYou")}>
      <Text size="sm">{t("order.routeNowMeans")}</Text>
      {route.failure && <Failure>{route.failure}</Failure>}
      <Group>
        <Button loading={route.running} onClick={() => void run()}>
          {t("order.routeNow")}
        </Button>
      </Group>
    </Notice>
  );
}
