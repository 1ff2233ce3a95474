/** One dialog for each way to settle an exception. */
import { Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { EnumOf } from "../../gql/graphql";
import { type Outcome, useAction } from "../../lib/action";
import { formatMoney } from "../../lib/format";
import { useRequiredText } from "../../lib/required-text";
import { tell } from "../../lib/tell";
import { FormDialog } from "../dialog";
import { MappingEditor } from "../mapping/mapping-editor";
import type { ChoiceProps } from "./choices";
import {
  AcceptPriceMutation,
  MarkHandledMutation,
  RefusePurchaseOrder,
  ReleasePurchaseOrder,
  ResolveByMapping,
  SettleByHand,
  SettleUnknown,
} from "./mutations";

/** Ends the dialog when the server agreed; otherwise it stays with the reason. */
export function useFinish(close: ChoiceProps["close"]) {
  const { t } = useTranslation();
  return async (running: Promise<Outcome<unknown>>) => {
    const outcome = await running;
    if (!outcome.ok) return outcome.problems;
    tell(t("exceptions.settled"));
    close(true);
    return undefined;
  };
}

export function MapHere({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(ResolveByMapping);
  const finish = useFinish(close);
  const variant = exception.orderLine?.variant;
  if (!variant) return null;
  return (
    <MappingEditor
      variant={variant}
      order={exception.order}
      confirm={t("mapping.saveAndRoute")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onSave={(alternatives) => finish(action.run({ id: exception.id, alternatives }))}
    />
  );
}

export function AcceptPrice({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(AcceptPriceMutation);
  const finish = useFinish(close);
  const { acceptedCost, currentCost } = exception;
  return (
    <FormDialog
      title={t("exceptions.acceptTitle")}
      intro={
        acceptedCost && currentCost
          ? t("exceptions.acceptIntro", {
              before: formatMoney(acceptedCost),
              now: formatMoney(currentCost),
            })
          : t("exceptions.acceptIntroPlain")
      }
      confirm={t("exceptionChoice.ACCEPT_PRICE")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void finish(action.run({ id: exception.id }))}
    />
  );
}

export function Settle({ exception, close, placed }: ChoiceProps & { placed: boolean }) {
  const { t } = useTranslation();
  const action = useAction(SettleUnknown);
  const finish = useFinish(close);
  const [reference, setReference] = useState("");
  const number = exception.purchaseOrder?.number ?? "";
  const supplier = exception.purchaseOrder?.supplier.name ?? "";
  return (
    <FormDialog
      title={placed ? t("exceptions.placedTitle") : t("exceptions.notPlacedTitle")}
      intro={t(placed ? "exceptions.placedIntro" : "exceptions.notPlacedIntro", {
        number,
        supplier,
      })}
      confirm={t(placed ? "exceptionChoice.CONFIRM_PLACED" : "exceptionChoice.CONFIRM_NOT_PLACED")}
      danger={!placed}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() =>
        void finish(
          action.run({ id: exception.id, placed, supplierReference: reference.trim() || null }),
        )
      }
    >
      {placed && (
        <TextInput
          label={t("exceptions.supplierReference")}
          description={t("exceptions.supplierReferenceWhy")}
          value={reference}
          onChange={(event) => setReference(event.currentTarget.value)}
          data-autofocus
        />
      )}
    </FormDialog>
  );
}

export function ByHand({
  exception,
  close,
  choice,
}: ChoiceProps & { choice: EnumOf<"ByHandChoice"> }) {
  const { t } = useTranslation();
  const action = useAction(SettleByHand);
  const finish = useFinish(close);
  return (
    <FormDialog
      title={t(`exceptionChoice.${choice}`)}
      intro={t(`exceptions.byHand.${choice}`, {
        number: exception.purchaseOrder?.number ?? "",
      })}
      confirm={t(`exceptionChoice.${choice}`)}
      danger={choice === "CANCEL_PURCHASE_ORDER"}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void finish(action.run({ id: exception.id, choice }))}
    />
  );
}

export function MarkHandled({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(MarkHandledMutation);
  const finish = useFinish(close);
  const note = useRequiredText<HTMLTextAreaElement>(t("exceptions.noteNeeded"));
  return (
    <FormDialog
      title={t("exceptions.handledTitle")}
      intro={t("exceptions.handledIntro")}
      confirm={t("exceptionChoice.MARK_HANDLED")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => {
        const text = note.take();
        if (text) void finish(action.run({ id: exception.id, note: text }));
      }}
    >
      <Textarea
        label={t("exceptions.note")}
        description={t("exceptions.noteWhy")}
        autosize
        minRows={2}
        maxLength={500}
        data-autofocus
        {...note.props}
      />
    </FormDialog>
  );
}

export function Release({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(ReleasePurchaseOrder);
  const finish = useFinish(close);
  const number = exception.purchaseOrder?.number ?? "";
  const supplier = exception.purchaseOrder?.supplier.name ?? "";
  return (
    <FormDialog
      title={t("exceptions.releaseTitle", { number })}
      intro={t("exceptions.releaseIntro", { number, supplier })}
      confirm={t("exceptionChoice.RELEASE")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => void finish(action.run({ id: exception.id }))}
    />
  );
}

export function Refuse({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(RefusePurchaseOrder);
  const finish = useFinish(close);
  const note = useRequiredText<HTMLTextAreaElement>(t("exceptions.noteNeeded"));
  const number = exception.purchaseOrder?.number ?? "";
  return (
    <FormDialog
      title={t("exceptions.refuseTitle", { number })}
      intro={t("exceptions.refuseIntro")}
      confirm={t("exceptionChoice.REFUSE")}
      danger
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => {
        const text = note.take();
        if (text) void finish(action.run({ id: exception.id, note: text }));
      }}
    >
      <Textarea
        label={t("exceptions.refuseNote")}
        description={t("exceptions.noteWhy")}
        autosize
        minRows={2}
        maxLength={500}
        data-autofocus
        {...note.props}
      />
    </FormDialog>
  );
}
