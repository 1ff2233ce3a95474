/** Accepting a new purchase order: all of it with one click, or line by line. */
import { Button, Group, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { Section } from "../../../components/section";
import type { EnumOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { tell } from "../../../lib/tell";
import classes from "./purchase-order.module.css";
import { Acknowledge } from "./query";
import type { Line, PurchaseOrder } from "./remaining";

type Reason = EnumOf<"RejectReason">;

/** In the order in which they happen. */
const REASONS = {
  OUT_OF_STOCK: true,
  DISCONTINUED: true,
  PRICE_CHANGED: true,
  CANNOT_SHIP_TO_DESTINATION: true,
  INVALID_ADDRESS: true,
  INVALID_SKU: true,
  OTHER: true,
} as const satisfies Record<Reason, true>;

interface Answer {
  accepted: number;
  reason: Reason | null;
}

export function AcknowledgeForm({ purchaseOrder }: { purchaseOrder: PurchaseOrder }) {
  const { t } = useTranslation();
  const acknowledge = useAction(Acknowledge);
  const [byLine, setByLine] = useState(false);
  const [reference, setReference] = useState("");
  const [answers, setAnswers] = useState<Record<string, Answer>>({});
  const [tried, setTried] = useState(false);
  const answerOf = (line: Line) => answers[line.id] ?? { accepted: line.quantity, reason: null };

  const rejected = purchaseOrder.lines.filter((line) => answerOf(line).accepted < line.quantity);
  const incomplete = rejected.some((line) => !answerOf(line).reason);
  const nothing = purchaseOrder.lines.every((line) => answerOf(line).accepted === 0);

  const submit = async () => {
    const outcome = await acknowledge.run({
      id: purchaseOrder.id,
      reference: reference.trim() || null,
      lines: purchaseOrder.lines.map((line) => {
        const { accepted, reason } = answerOf(line);
        const rest = line.quantity - accepted;
        return { lineId: line.id, accepted, rejected: rest, reason: rest > 0 ? reason : null };
      }),
    });
    if (outcome.ok) tell(nothing ? t("acknowledge.rejected") : t("acknowledge.accepted"));
  };

  return (
    <Section title={t("acknowledge.title")} intro={t("acknowledge.intro")}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!incomplete) void submit();
        }}
      >
        <Stack gap="md">
          {byLine && (
            <ul className={classes.lines}>
              {purchaseOrder.lines.map((line) => (
                <LineAnswer
                  key={line.id}
                  line={line}
                  answer={answerOf(line)}
                  showMissing={tried}
                  change={(answer) => setAnswers({ ...answers, [line.id]: answer })}
                />
              ))}
            </ul>
          )}
          <TextInput
            label={t("acknowledge.reference")}
            description={t("acknowledge.referenceWhy")}
            maxLength={100}
            value={reference}
            onChange={(event) => setReference(event.currentTarget.value)}
            maw={320}
          />
          {acknowledge.failure && <Failure>{acknowledge.failure}</Failure>}
          <Group gap="xs">
            <Button
              type="submit"
              color={nothing ? "red.8" : undefined}
              loading={acknowledge.running}
            >
              {rejected.length === 0
                ? t("acknowledge.acceptAll")
                : nothing
                  ? t("acknowledge.rejectAll")
                  : t("acknowledge.send")}
            </Button>
            {!byLine && (
              <Button variant="default" onClick={() => setByLine(true)}>
                {t("acknowledge.byLine")}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

interface LineAnswerProps {
  line: Line;
  answer: Answer;
  showMissing: boolean;
  change: (answer: Answer) => void;
}

function LineAnswer({ line, answer, showMissing, change }: LineAnswerProps) {
  const { t } = useTranslation();
  return (
    <li className={classes.line}>
      <div>
        <Text fw={600}>{line.title}</Text>
        <span className={classes.sku}>{line.sku}</span>
      </div>
      <div className={classes.inputs}>
        <NumberInput
          label={t("acknowledge.canShip", { count: line.quantity })}
          aria-label={t("acknowledge.canShipOf", { count: line.quantity, title: line.title })}
          value={answer.accepted}
          min={0}
          max={line.quantity}
          clampBehavior="strict"
          allowDecimal={false}
          allowNegative={false}
          w={130}
          onChange={(value) => change({ ...answer, accepted: Number(value) || 0 })}
        />
        {answer.accepted < line.quantity && (
          <Select
            label={t("acknowledge.reason", { count: line.quantity - answer.accepted })}
            aria-label={t("acknowledge.reasonOf", { title: line.title })}
            required
            data={Object.keys(REASONS).map((value) => ({
              value,
              label: t(`rejectReason.${value as Reason}`),
            }))}
            value={answer.reason}
            error={showMissing && !answer.reason ? t("acknowledge.reasonNeeded") : undefined}
            onChange={(value) => change({ ...answer, reason: value as Reason | null })}
            w={230}
          />
        )}
      </div>
    </li>
  );
}
