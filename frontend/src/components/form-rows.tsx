/** A list within a form: rows of fields, each with a way to remove it, what is wrong, and a way to add one. */
import { ActionIcon, Button, Group, Text } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { FieldGroup } from "./field-group";
import classes from "./form-rows.module.css";

/** A field's label, and for screen readers its row too: beside others of its kind the label alone says too little. */
type Named = (label: string) => { label: string; "aria-label": string };

interface FormRowsProps {
  title: string;
  why?: string;
  count: number;
  row: (index: number, named: Named) => ReactNode;
  /** The name of the button that removes a row. */
  removal: (index: number) => string;
  remove: (index: number) => void;
  /** Of the list as a whole. */
  error: ReactNode;
  addition: string;
  add: () => void;
  /** How a row lays its fields out; side by side, unless said. */
  rowClass?: string | undefined;
  /** Beside the way to add one. */
  children?: ReactNode;
}

export function FormRows(props: FormRowsProps) {
  const { t } = useTranslation();
  const { count, row, removal, remove, rowClass } = props;
  const namedIn =
    (index: number): Named =>
    (field) => ({ label: field, "aria-label": t("fieldInRow", { field, row: index + 1 }) });
  return (
    <FieldGroup title={props.title}>
      {props.why && (
        <Text size="sm" c="dimmed">
          {props.why}
        </Text>
      )}
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
        <div key={index} className={rowClass ?? classes.row}>
          {row(index, namedIn(index))}
          <ActionIcon
            className={classes.remove}
            variant="subtle"
            size="lg"
            aria-label={removal(index)}
            onClick={() => remove(index)}
          >
            <Trash2 size={16} />
          </ActionIcon>
        </div>
      ))}
      <RowsEnd error={props.error} addition={props.addition} add={props.add}>
        {props.children}
      </RowsEnd>
    </FieldGroup>
  );
}

type RowsEndProps = Pick<FormRowsProps, "error" | "addition" | "add" | "children">;

/** What ends such a list, whatever its rows look like. */
export function RowsEnd({ error, addition, add, children }: RowsEndProps) {
  return (
    <>
      {error && (
        <Text size="sm" c="var(--oy-bad-fg)" role="alert">
          {error}
        </Text>
      )}
      <Group align="flex-end">
        <Button variant="default" size="xs" leftSection={<Plus size={14} />} onClick={add}>
          {addition}
        </Button>
        {children}
      </Group>
    </>
  );
}
