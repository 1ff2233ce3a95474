/** Changing and removing a variant's mapping. */
import { useTranslation } from "react-i18next";
import { FormDialog } from "../../../components/dialog";
import { MappingEditor } from "../../../components/mapping/mapping-editor";
import { useAction } from "../../../lib/action";
import { tell } from "../../../lib/tell";
import { DeleteMapping, SaveMapping } from "./query";
import { nameOf, type VariantRow } from "./table";

interface DialogProps {
  variant: VariantRow;
  close: (done?: boolean) => void;
}

export function EditDialog({ variant, close }: DialogProps) {
  const { t } = useTranslation();
  const save = useAction(SaveMapping);
  return (
    <MappingEditor
      variant={variant}
      confirm={t("save")}
      running={save.running}
      failure={save.failure}
      onClose={close}
      onSave={async (alternatives) => {
        const outcome = await save.run({ variantId: variant.id, alternatives });
        if (!outcome.ok) return outcome.problems;
        tell(t("mappings.saved", { variant: nameOf(variant) }));
        close();
        return undefined;
      }}
    />
  );
}

export function DeleteDialog({ variant, close }: DialogProps) {
  const { t } = useTranslation();
  const remove = useAction(DeleteMapping);
  const confirm = async () => {
    const outcome = await remove.run({ variantId: variant.id });
    if (!outcome.ok) return;
    tell(t("mappings.removed", { variant: nameOf(variant) }));
    close(true);
  };
  return (
    <FormDialog
      title={t("mappings.removeTitle", { variant: nameOf(variant) })}
      intro={t("mappings.removeIntro")}
      confirm={t("mappings.remove")}
      danger
      running={remove.running}
      failure={remove.failure}
      onClose={close}
      onConfirm={() => void confirm()}
    />
  );
}
