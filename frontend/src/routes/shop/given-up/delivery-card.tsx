/** One webhook call from which nothing followed: why, and what it said where that may be shown. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import evidence from "../../../components/exception/evidence.module.css";
import classes from "../../../components/exception/exception-card.module.css";
import { ROW_LINK } from "../../../components/keyboard";
import { StatusBadge } from "../../../components/status-badge";
import { RelativeTime } from "../../../components/time";
import { type FragmentOf, readFragment } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { sentence } from "../../../lib/sentence";
import { tell, tellFailure } from "../../../lib/tell";
import own from "./given-up.module.css";
import { LostDeliveryFields, ReplayDelivery } from "./query";

const TONES = {
  UNREADABLE: "bad",
  CONTRADICTED: "bad",
  NOT_FOUND: "neutral",
  GIVEN_UP: "warn",
} as const;

interface DeliveryCardProps {
  delivery: FragmentOf<typeof LostDeliveryFields>;
}

export function DeliveryCard({ delivery: masked }: DeliveryCardProps) {
  const { t } = useTranslation();
  const delivery = readFragment(LostDeliveryFields, masked);
  return (
    <article className={classes.card} aria-label={`${delivery.topic}, ${delivery.webhookId}`}>
      <Stack gap={6}>
        <Group gap="xs">
          <StatusBadge tone={TONES[delivery.fate]}>
            {t(`deliveryFate.${delivery.fate}`)}
          </StatusBadge>
          <Text fw={650}>{delivery.topic}</Text>
          <Text size="sm" c="dimmed" ms="auto">
            <RelativeTime at={delivery.receivedAt} />
          </Text>
        </Group>
        {delivery.note && <Text>{sentence(delivery.note)}</Text>}
        <Text size="sm" className={own.id}>
          {delivery.webhookId}
        </Text>
        {delivery.body !== null && (
          <details className={evidence.details}>
            <summary>{t("givenUp.body")}</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by key */}
            <pre className={own.body} tabIndex={0}>
              {delivery.body}
            </pre>
          </details>
        )}
        {delivery.canBeReplayed ? (
          <Group gap="xs" mt={4}>
            <ReplayButton id={delivery.id} name={`${delivery.topic} ${delivery.webhookId}`} />
          </Group>
        ) : (
          delivery.fate !== "CONTRADICTED" && (
            <Text size="sm" c="dimmed">
              {t("givenUp.bodyGone")}
            </Text>
          )
        )}
      </Stack>
    </article>
  );
}

function ReplayButton({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const replay = useAction(ReplayDelivery);
  const run = async () => {
    const outcome = await replay.run({ id });
    if (outcome.ok) tell(t("givenUp.replayed"));
    else tellFailure(outcome.message);
  };
  return (
    <Button
      size="xs"
      variant="default"
      loading={replay.running}
      aria-label={t("givenUp.replayNamed", { name })}
      onClick={() => void run()}
      {...ROW_LINK}
    >
      {t("givenUp.replay")}
    </Button>
  );
}
