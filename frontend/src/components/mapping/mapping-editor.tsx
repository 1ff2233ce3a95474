/**
 * A variant's mapping as a form: alternatives in the order in which they are tried,
 * each a list of offers with quantities. Saving is the caller's.
 */
import { ActionIcon, Button, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useId } from "@mantine/hooks";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useReducer, useState } from "react";
import { useTranslation } from "react-i18next";
import { type FragmentOf, graphql, readFragment, type VariablesOf } from "../../gql/graphql";
import type { Problem } from "../../lib/action";
import { amountOf, formatMoney, MoneyFields } from "../../lib/format";
import { sentence } from "../../lib/sentence";
import { DecimalInput } from "../decimal-input";
import { FormDialog } from "../dialog";
import type { ResolveByMapping } from "../exception/mutations";
import { type Draft, edit, emptyDraft, fromMapping, isCost, isUpsideDown, toInput } from "./draft";
import classes from "./mapping-editor.module.css";
import { OfferPicker, PickedOfferFields } from "./offer-picker";
import { QuantityField } from "./quantity-field";
import { Suggestions } from "./suggestions";
import { type OrderToTry, Trial } from "./trial";

export const VariantToMap = graphql(
  `
    fragment VariantToMap on Variant {
      id
      sku
      barcode
      title
      productTitle
      mapping {
        id
        alternatives {
          rank
          validFrom
          validUntil
          components {
            quantity
            acceptedCost {
              ...MoneyFields
            }
            offer {
              ...PickedOfferFields
            }
          }
        }
      }
    }
  `,
  [PickedOfferFields, MoneyFields],
);

export type AlternativesInput = VariablesOf<typeof ResolveByMapping>["alternatives"];

interface MappingEditorProps {
  variant: FragmentOf<typeof VariantToMap>;
  /** The order that it is mapped for, if it is for one. */
  order?: OrderToTry | null;
  confirm: string;
  running: boolean;
  failure: string | undefined;
  onClose: () => void;
  /** What is wrong with them; undefined once they are kept. */
  onSave: (alternatives: AlternativesInput) => Promise<Problem[] | undefined>;
}

/** What the server has against a draft, by the place in it, such as `alternatives.0.validUntil`. */
type Refused = Readonly<Record<string, string>>;

export function MappingEditor({ variant: masked, order, onSave, ...dialog }: MappingEditorProps) {
  const { t } = useTranslation();
  const variant = readFragment(VariantToMap, masked);
  const [draft, apply] = useReducer(edit, variant.mapping, (mapping) =>
    mapping ? fromMapping(mapping.alternatives) : emptyDraft(),
  );
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState<Refused>({});
  const change: typeof apply = (event) => {
    setRefused({}); // places are other ones from now on
    apply(event);
  };
  const save = async () => {
    setTried(true);
    const input = toInput(draft);
    const problems = input && (await onSave(input));
    if (problems) setRefused(placed(problems));
  };
  const name = [variant.productTitle, variant.title].filter((part) => part !== "Default Title");

  return (
    <FormDialog
      {...dialog}
      title={t("mapping.title", { variant: name.join(", ") })}
      intro={t("mapping.intro")}
      size="lg"
      onConfirm={() => void save()}
    >
      <Suggestions
        variant={variant}
        draft={draft}
        use={(offer) => change({ type: "suggest", offer })}
      />
      <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: "none" }}>
        {draft.map((alternative, index) => (
          <li key={alternative.key}>
            <Alternative
              draft={draft}
              index={index}
              change={change}
              showMissing={tried}
              refused={refused}
            />
          </li>
        ))}
      </Stack>
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={15} />}
          onClick={() => change({ type: "addAlternative" })}
        >
          {t("mapping.addAlternative")}
        </Button>
      </Group>
      <Trial
        variantId={variant.id}
        order={order}
        input={() => {
          setTried(true);
          return toInput(draft);
        }}
        onRefused={(problems) => setRefused(placed(problems))}
      />
    </FormDialog>
  );
}

function placed(problems: readonly Problem[]): Refused {
  return Object.fromEntries(
    problems.map(({ field, message }) => [field?.join(".") ?? "", sentence(message)]),
  );
}

interface AlternativeProps {
  draft: Draft;
  index: number;
  change: (event: Parameters<typeof edit>[1]) => void;
  showMissing: boolean;
  refused: Refused;
}

function Alternative({ draft, index, change, showMissing, refused }: AlternativeProps) {
  const { t } = useTranslation();
  const id = useId();
  const alternative = draft[index];
  if (!alternative) return null;
  const rank = index + 1;
  const wrong = (place: string) => refused[`alternatives.${index}.${place}`];
  return (
    <Paper withBorder p="sm" role="group" aria-labelledby={id} bg="var(--oy-raised)">
      <Group justify="space-between" mb="xs" wrap="nowrap">
        <Text fw={600} size="sm" id={id}>
          {rank === 1 ? t("mapping.first") : t("mapping.alternative", { rank })}
        </Text>
        <Group gap={2} wrap="nowrap">
          <IconButton
            label={t("mapping.earlier", { rank })}
            disabled={index === 0}
            onClick={() => change({ type: "move", index, by: -1 })}
            icon={<ArrowUp size={16} />}
          />
          <IconButton
            label={t("mapping.later", { rank })}
            disabled={index === draft.length - 1}
            onClick={() => change({ type: "move", index, by: 1 })}
            icon={<ArrowDown size={16} />}
          />
          <IconButton
            label={t("mapping.removeAlternative", { rank })}
            disabled={draft.length === 1}
            onClick={() => change({ type: "removeAlternative", index })}
            icon={<Trash2 size={16} />}
          />
        </Group>
      </Group>
      <Stack gap="xs">
        {alternative.components.map((component, at) => {
          // Of a kit's fields each has a name of its own.
          const name = (field: string) =>
            alternative.components.length > 1
              ? t("mapping.ofComponent", { number: at + 1, field })
              : undefined;
          return (
            <div key={component.key} className={classes.component}>
              <div className={classes.offer}>
                <OfferPicker
                  label={t("mapping.offer")}
                  name={name(t("mapping.offer"))}
                  value={component.offer}
                  onChange={(offer) => change({ type: "setOffer", index, at, offer })}
                  showMissing={showMissing}
                  refused={wrong(`components.${at}.offerId`)}
                  autoFocus={index === 0 && at === 0}
                />
              </div>
              <QuantityField
                name={name(t("mapping.quantity"))}
                quantity={component.quantity}
                set={(quantity) => change({ type: "setQuantity", index, at, quantity })}
                showMissing={showMissing}
                refused={wrong(`components.${at}.quantity`)}
              />
              <AcceptedCost
                name={name}
                component={component}
                set={(accepted) => change({ type: "setAccepted", index, at, accepted })}
                refused={wrong(`components.${at}.acceptedCost`)}
              />
              <IconButton
                label={t("mapping.removeComponent", { number: at + 1 })}
                disabled={alternative.components.length === 1}
                onClick={() => change({ type: "removeComponent", index, at })}
                icon={<Trash2 size={16} />}
                below
              />
            </div>
          );
        })}
        <Group>
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<Plus size={14} />}
            onClick={() => change({ type: "addComponent", index })}
          >
            {t("mapping.addComponent")}
          </Button>
        </Group>
        <Days
          alternative={alternative}
          set={(days) => change({ type: "setDays", index, days })}
          refused={wrong("validUntil")}
        />
      </Stack>
    </Paper>
  );
}

interface AcceptedCostProps {
  name: (field: string) => string | undefined;
  component: Draft[number]["components"][number];
  set: (accepted: string) => void;
  refused: string | undefined;
}

/** What may be paid for a piece: whoever changes something else agrees to no other price by it. */
function AcceptedCost({ name, component, set, refused }: AcceptedCostProps) {
  const { t } = useTranslation();
  const { offer, accepted, stands } = component;
  if (!offer) return null;
  const { decimal, currency } = amountOf(offer.cost);
  const hint = [
    stands && t("mapping.acceptedStands", { cost: formatMoney(stands) }),
    accepted !== decimal && t("mapping.costsNow", { cost: formatMoney(offer.cost) }),
  ].filter(Boolean);
  return (
    <DecimalInput
      label={t("mapping.acceptedCost", { currency })}
      aria-label={name(t("mapping.acceptedCost", { currency }))}
      value={accepted}
      onChange={(event) => set(event.currentTarget.value.trim())}
      inputWrapperOrder={["label", "input", "description", "error"]}
      description={hint.length > 0 && hint.join(" ")}
      error={isCost(accepted) ? refused : t("offers.costRule")}
      w={130}
    />
  );
}

interface DaysProps {
  alternative: Draft[number];
  set: (days: { validFrom?: string; validUntil?: string }) => void;
  refused: string | undefined;
}

function Days({ alternative, set, refused }: DaysProps) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" align="flex-start">
      <TextInput
        type="date"
        size="xs"
        label={t("mapping.validFrom")}
        value={alternative.validFrom}
        onChange={(event) => set({ validFrom: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        size="xs"
        label={t("mapping.validUntil")}
        value={alternative.validUntil}
        onChange={(event) => set({ validUntil: event.currentTarget.value })}
        error={isUpsideDown(alternative) ? t("mapping.upsideDown") : refused}
      />
      <Text size="xs" c="dimmed" mt={28}>
        {t("mapping.daysWhy")}
      </Text>
    </Group>
  );
}

interface IconButtonProps {
  label: string;
  icon: React.ReactNode;
  disabled: boolean;
  /** Beside a labelled field: as low as the field itself. */
  below?: boolean;
  onClick: () => void;
}

function IconButton({ label, icon, disabled, below, onClick }: IconButtonProps) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      mt={below ? 25 : 0}
      disabled={disabled}
      onClick={onClick}
    >
      {icon}
    </ActionIcon>
  );
}
