/** Splitting and merging purchase orders by hand, while no supplier knows of them. */
import { Checkbox, Radio, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog } from "../../../components/dialog";
import { graphql } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { useRequiredText } from "../../../lib/required-text";
import { tell } from "../../../lib/tell";

const SplitPurchaseOrder = graphql(`
  mutation SplitPurchaseOrder($id: ID!, $lineIds: [ID!]!, $reason: String!) {
    splitPurchaseOrder(id: $id, lineIds: $lineIds, reason: $reason) {
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

const MergePurchaseOrders = graphql(`
  mutation MergePurchaseOrders($id: ID!, $fromId: ID!, $reason: String!) {
    mergePurchaseOrders(id: $id, fromId: $fromId, reason: $reason) {
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

interface SplitProps {
  purchaseOrder: {
    id: string;
    number: string;
    lines: readonly { id: string; title: string; quantity: number }[];
  };
  close: (done?: boolean) => void;
}

export function Split({ purchaseOrder: { id, number, lines }, close }: SplitProps) {
  const { t } = useTranslation();
  const action = useAction(SplitPurchaseOrder);
  const reason = useRequiredText<HTMLTextAreaElement>(t("order.cancelReasonNeeded"));
  const [chosen, choose] = useState<string[]>([]);
  const [tried, setTried] = useState(false);
  const right = chosen.length > 0 && chosen.length < lines.length;
  const confirm = async () => {
    setTried(true);
    const text = reason.take();
    if (!text || !right) return;
    const outcome = await action.run({ id, lineIds: chosen, reason: text });
    if (!outcome.ok) return;
    tell(t("order.regrouped"));
    close(true);
  };
  return (
    <FormDialog
      title={t("order.splitNumber", { number })}
      intro={t("order.splitIntro")}
      confirm={t("order.splitConfirm")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    >
      <Checkbox.Group
        label={t("order.splitLines")}
        value={chosen}
        onChange={choose}
        error={tried && !right ? t("order.splitSome") : undefined}
      >
        <Stack gap="xs" mt="xs">
          {lines.map((line) => (
            <Checkbox key={line.id} value={line.id} label={`${line.quantity} × ${line.title}`} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Reason {...reason.props} />
    </FormDialog>
  );
}

interface MergeProps {
  purchaseOrder: { id: string; number: string };
  others: readonly { id: string; number: string }[];
  close: (done?: boolean) => void;
}

export function Merge({ purchaseOrder: { id, number }, others, close }: MergeProps) {
  const { t } = useTranslation();
  const action = useAction(MergePurchaseOrders);
  const reason = useRequiredText<HTMLTextAreaElement>(t("order.cancelReasonNeeded"));
  const [fromId, setFromId] = useState(others[0]?.id ?? "");
  const confirm = async () => {
    const text = reason.take();
    if (!text) return;
    const outcome = await action.run({ id, fromId, reason: text });
    if (!outcome.ok) return;
    tell(t("order.regrouped"));
    close(true);
  };
  return (
    <FormDialog
      title={t("order.mergeNumber", { number })}
      intro={t("order.mergeIntro", { number })}
      confirm={t("order.mergeConfirm")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    >
      <Radio.Group label={t("order.mergeWith")} value={fromId} onChange={setFromId}>
        <Stack gap="xs" mt="xs">
          {others.map((other) => (
            <Radio key={other.id} value={other.id} label={other.number} />
          ))}
        </Stack>
      </Radio.Group>
      <Reason {...reason.props} />
    </FormDialog>
  );
}

function Reason(props: ReturnType<typeof useRequiredText<HTMLTextAreaElement>>["props"]) {
  const { t } = useTranslation();
  return (
    <Textarea
      label={t("order.cancelReason")}
      description={t("order.undoReasonWhy")}
      autosize
      minRows={2}
      maxLength={500}
      {...props}
    />
  );
}
