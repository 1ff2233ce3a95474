/** The choices that an exception offers, as buttons that do what they say. */
import { Button, Group } from "@mantine/core";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import {
  type EnumOf,
  type FragmentOf,
  graphql,
  type ResultOf,
  readFragment,
} from "../../gql/graphql";
import { useAction } from "../../lib/action";
import { formatMoney, MoneyFields } from "../../lib/format";
import { tell, tellFailure } from "../../lib/tell";
import { useDialog } from "../dialog";
import { VariantToMap } from "../mapping/mapping-editor";
import { ChooseSupplier } from "./choose-supplier";
import { AcceptPrice, ByHand, MapHere, MarkHandled, Refuse, Release, Settle } from "./dialogs";
import { RetryException } from "./mutations";
import { ItIsThisOne, NotMade } from "./settle-fulfillment";

export const ExceptionChoices = graphql(
  `
    fragment ExceptionChoices on Exception {
      id
      choices
      acceptedCost {
        ...MoneyFields
      }
      currentCost {
        ...MoneyFields
      }
      order {
        id
        name
      }
      orderLine {
        id
        sku
        variant {
          id
          ...VariantToMap
        }
      }
      purchaseOrder {
        id
        number
        supplier {
          id
          name
        }
      }
    }
  `,
  [MoneyFields, VariantToMap],
);

type Choice = EnumOf<"ExceptionChoice">;

export interface ChoiceProps {
  exception: ResultOf<typeof ExceptionChoices>;
  close: (done?: boolean) => void;
}

const DIALOGS = {
  MAP: MapHere,
  CHOOSE_SUPPLIER: ChooseSupplier,
  ACCEPT_PRICE: AcceptPrice,
  CANCEL_PURCHASE_ORDER: (props) => <ByHand {...props} choice="CANCEL_PURCHASE_ORDER" />,
  ADOPT_TRACKING: (props) => <ByHand {...props} choice="ADOPT_TRACKING" />,
  CONFIRM_PLACED: (props) => <Settle {...props} placed />,
  CONFIRM_NOT_PLACED: (props) => <Settle {...props} placed={false} />,
  CONFIRM_FULFILLED: ItIsThisOne,
  CONFIRM_NOT_FULFILLED: NotMade,
  MARK_HANDLED: MarkHandled,
  RELEASE: Release,
  REFUSE: Refuse,
} satisfies Record<Exclude<Choice, "RETRY">, ComponentType<ChoiceProps>>;

export function Choices({ exception: masked }: { exception: FragmentOf<typeof ExceptionChoices> }) {
  const { t } = useTranslation();
  const exception = readFragment(ExceptionChoices, masked);
  const { which, open, close } = useDialog<keyof typeof DIALOGS>();
  const Dialog: ComponentType<ChoiceProps> | undefined = which && DIALOGS[which];
  const label = (choice: Choice) =>
    choice === "ACCEPT_PRICE" && exception.currentCost
      ? t("exceptions.acceptPriceOf", { price: formatMoney(exception.currentCost) })
      : t(`exceptionChoice.${choice}`);

  return (
    <Group gap="xs" mt={4}>
      {possible(exception).map((choice, index) =>
        choice === "RETRY" ? (
          <RetryButton key={choice} id={exception.id} first={index === 0} />
        ) : (
          <Button
            key={choice}
            size="xs"
            variant={variantOf(choice, index === 0)}
            onClick={() => open(choice)}
          >
            {label(choice)}
          </Button>
        ),
      )}
      {Dialog && <Dialog exception={exception} close={close} />}
    </Group>
  );
}

/** What needs a variant or its mapping is not offered where there is none. */
function possible({ choices, orderLine }: ChoiceProps["exception"]): Choice[] {
  const variant = readFragment(VariantToMap, orderLine?.variant);
  return choices.filter(
    (choice) => (choice !== "MAP" || variant) && (choice !== "CHOOSE_SUPPLIER" || variant?.mapping),
  );
}

/** Trying again is safe: no question before it. */
function RetryButton({ id, first }: { id: string; first: boolean }) {
  const { t } = useTranslation();
  const retry = useAction(RetryException);
  const run = async () => {
    const outcome = await retry.run({ id });
    if (outcome.ok) tell(t("exceptions.retrying"));
    else tellFailure(outcome.message);
  };
  return (
    <Button
      size="xs"
      variant={variantOf("RETRY", first)}
      loading={retry.running}
      onClick={() => void run()}
    >
      {t("exceptionChoice.RETRY")}
    </Button>
  );
}

/** What spends money or settles a doubt is not pushed by its colour. */
const DELIBERATE: readonly Choice[] = [
  "ACCEPT_PRICE",
  "CANCEL_PURCHASE_ORDER",
  "ADOPT_TRACKING",
  "CONFIRM_PLACED",
  "CONFIRM_NOT_PLACED",
  "CONFIRM_FULFILLED",
  "CONFIRM_NOT_FULFILLED",
  "RELEASE",
  "REFUSE",
];

function variantOf(choice: Choice, first: boolean) {
  if (choice === "MARK_HANDLED") return "subtle";
  return first && !DELIBERATE.includes(choice) ? "filled" : "default";
}
