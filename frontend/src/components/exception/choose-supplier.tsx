/** Taking one of the mapping's alternatives for this order, whatever the rules preferred. */
import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { readFragment } from "../../gql/graphql";
import { useAction } from "../../lib/action";
import { formatMoney } from "../../lib/format";
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
      <Radio.Group
        aria-label={t("exceptions.chooseTitle")}
        value={offerId ?? null}
        onChange={setOfferId}
        error={tried && !offerId ? t("exceptions.chooseNeeded") : undefined}
      >
        <Stack gap="sm">
          {alternatives.map(({ rank, components: [first, ...rest] }) =>
            // One of its offers names the whole alternative.
            first ? (
              <Radio
                key={rank}
                value={first.offer.id}
                label={[first, ...rest]
                  .map(({ quantity, offer }) => `${quantity} × ${offer.title}`)
                  .join(" + ")}
                description={[first, ...rest]
                  .map(({ offer }) =>
                    [
                      offer.supplier.name,
                      formatMoney(offer.cost),
                      offer.stock === null
                        ? t("offers.stockUnknown")
                        : t("offers.inStock", { count: offer.stock }),
                    ].join(", "),
                  )
                  .join(" + ")}
              />
            ) : null,
          )}
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}
