/** What a purchase order waits for before it is sent: the time to undo it, and a review. */
import { Button, Checkbox, Group, NumberInput, Stack, TagsInput, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { DecimalInput } from "../../../components/decimal-input";
import { Section } from "../../../components/section";
import type { ResultOf, VariablesOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { tell, tellFailure } from "../../../lib/tell";
import { ReplanOrders, type SettingsFields, type UpdateSettings } from "./query";

interface WaitingProps {
  shop: ResultOf<typeof SettingsFields>;
  change: (input: VariablesOf<typeof UpdateSettings>["input"]) => void;
}

export function Waiting({ shop, change }: WaitingProps) {
  return (
    <>
      <Undo minutes={shop.settings.undoMinutes} change={change} />
      <Review shop={shop} change={change} />
    </>
  );
}

function Undo({ minutes, change }: { minutes: number; change: WaitingProps["change"] }) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState<number | string>(minutes);
  const save = (event: FormEvent) => {
    event.preventDefault();
    change({ undoMinutes: Number(wanted) || 0 });
  };
  return (
    <Section title={t("settings.undo")} intro={t("settings.undoWhy")}>
      <form onSubmit={save}>
        <Group align="end" gap="sm">
          <NumberInput
            label={t("settings.undoMinutes")}
            min={0}
            max={1440}
            allowDecimal={false}
            value={wanted}
            onChange={setWanted}
            w={120}
          />
          <Button type="submit" variant="default" disabled={Number(wanted) === minutes}>
            {t("settings.save")}
          </Button>
        </Group>
      </form>
      {minutes > 0 && <Replan />}
    </Section>
  );
}

/** What was decided and can still be undone, decided anew: as when costs were changed. */
function Replan() {
  const { t } = useTranslation();
  const replan = useAction(ReplanOrders);
  const run = async () => {
    const outcome = await replan.run({});
    if (outcome.ok) tell(t("settings.replanning"));
    else tellFailure(outcome.message);
  };
  return (
    <Stack gap={6} mt="md" align="start">
      <Text size="sm" c="dimmed">
        {t("settings.replanWhy")}
      </Text>
      <Button variant="default" loading={replan.running} onClick={() => void run()}>
        {t("settings.replan")}
      </Button>
    </Stack>
  );
}

function Review({ shop, change }: WaitingProps) {
  const { t } = useTranslation();
  const { review } = shop.settings;
  const [firstOrder, setFirstOrder] = useState(review.firstOrder);
  const [risk, setRisk] = useState(review.risk);
  const [above, setAbove] = useState(review.above ?? "");
  const [tags, setTags] = useState<string[]>([...review.tags]);
  const save = (event: FormEvent) => {
    event.preventDefault();
    change({ review: { firstOrder, risk, above: above.trim() || null, tags } });
  };
  return (
    <Section title={t("settings.review")} intro={t("settings.reviewWhy")}>
      <form onSubmit={save}>
        <Stack gap="md" align="start">
          <Checkbox
            label={t("settings.reviewFirst")}
            checked={firstOrder}
            onChange={(event) => setFirstOrder(event.currentTarget.checked)}
          />
          <Checkbox
            label={t("settings.reviewRisk")}
            description={t("settings.reviewRiskWhy")}
            checked={risk}
            onChange={(event) => setRisk(event.currentTarget.checked)}
          />
          <DecimalInput
            label={t("settings.reviewAbove")}
            description={t("settings.reviewAboveWhy", { currency: shop.currency })}
            value={above}
            onChange={(event) => setAbove(event.currentTarget.value)}
          />
          <TagsInput
            label={t("settings.reviewTags")}
            description={t("settings.reviewTagsWhy")}
            value={tags}
            onChange={setTags}
            maxTags={50}
            w="100%"
          />
          <Button type="submit" variant="default">
            {t("settings.save")}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
