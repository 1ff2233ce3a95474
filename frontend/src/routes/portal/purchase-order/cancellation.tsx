/** The shop asks a purchase order back: can it still be stopped? */
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { Undo2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { Notice } from "../../../components/notice";
import { RelativeTime } from "../../../components/time";
import { useAction } from "../../../lib/action";
import { useRequiredText } from "../../../lib/required-text";
import { tell } from "../../../lib/tell";
import { AnswerCancellation } from "./query";
import type { PurchaseOrder } from "./remaining";

export function Cancellation({ purchaseOrder }: { purchaseOrder: PurchaseOrder }) {
  const { t } = useTranslation();
  const { which, open, close } = useDialog<"accept" | "refuse">();
  return (
    <Notice tone="warn" icon={<Undo2 size={18} />} title={t("cancellation.title")}>
      <Stack gap="sm">
        <Text size="sm">
          {purchaseOrder.cancelReason ?? t("cancellation.noReason")}{" "}
          {purchaseOrder.cancelRequestedAt && <RelativeTime at={purchaseOrder.cancelRequestedAt} />}
        </Text>
        <Group gap="xs">
          <Button onClick={() => open("accept")}>{t("cancellation.accept")}</Button>
          <Button variant="default" onClick={() => open("refuse")}>
            {t("cancellation.refuse")}
          </Button>
        </Group>
      </Stack>
      {which && (
        <AnswerDialog purchaseOrder={purchaseOrder} accepted={which === "accept"} close={close} />
      )}
    </Notice>
  );
}

interface AnswerDialogProps {
  purchaseOrder: PurchaseOrder;
  accepted: boolean;
  close: (done?: boolean) => void;
}

function AnswerDialog({ purchaseOrder, accepted, close }: AnswerDialogProps) {
  const { t } = useTranslation();
  const answer = useAction(AnswerCancellation);
  const reason = useRequiredText<HTMLTextAreaElement>(t("cancellation.reasonNeeded"));
  const confirm = async () => {
    const text = accepted ? null : reason.take();
    if (text === undefined) return;
    const outcome = await answer.run({ id: purchaseOrder.id, accepted, reason: text });
    if (!outcome.ok) return;
    tell(t("cancellation.answered"));
    close(true);
  };
  return (
    <FormDialog
      title={t(accepted ? "cancellation.accept" : "cancellation.refuse")}
      intro={t(accepted ? "cancellation.acceptIntro" : "cancellation.refuseIntro")}
      confirm={t(accepted ? "cancellation.accept" : "cancellation.refuse")}
      danger={accepted}
      running={answer.running}
      failure={answer.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    >
      {!accepted && (
        <Textarea
          label={t("cancellation.reason")}
          description={t("cancellation.reasonWhy")}
          autosize
          minRows={2}
          maxLength={500}
          data-autofocus
          {...reason.props}
        />
      )}
    </FormDialog>
  );
}
