/** Taking one of the mapping's alternatives for this order, whatever the rules preferred. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { readFragment } from "../../gql/graphql";
import { useAction } from "../../lib/action";
import { AlternativeChoice } from "../alternative-choice";
import { FormDialog } from "../dialog";
import { VariantToMap } from "../mapping/mapping-editor";
import type { ChoiceProps } from "./choices";
import { useFinish } from "./dialogs";
import { ChooseSupplierMutation } from "./mutations";

export function ChooseSupplier({ exception, close }: ChoiceProps) {
  const { t } = useTranslation();
  const action = useAction(ChooseSupplierMutation);
  const finish = useFinish(close);
  const [offerId, setOfferId] = useState<string>();
  const [tried, setTried] = useState(false);
  const variant = readFragment(VariantToMap, exception.orderLine?.variant);
  const alternatives = variant?.mapping?.alternatives ?? [];

  return (
    <FormDialog
      title={t("exceptions.chooseTitle")}
      intro={t("exceptions.chooseIntro")}
      confirm={t("exceptionChoice.CHOOSE_SUPPLIER")}
      running={action.running}
      failure={action.failure}
      onClose={close}
      onConfirm={() => {
        setTried(true);
        if (offerId) void finish(action.run({ id: exception.id, offerId }));
      }}
    >
      <AlternativeChoice
        label={t("exceptions.chooseTitle")}
        alternatives={alternatives}
        offerId={offerId}
        choose={setOfferId}
        missing={tried && !offerId}
      />
    </FormDialog>
  );
}
