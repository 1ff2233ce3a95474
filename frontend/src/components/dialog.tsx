/**
 * Dialogs: a form in a modal window, its failure, its buttons; and where the focus
 * goes afterwards: back to what opened it, or to the page's title when that is gone.
 */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type ReactNode, type SubmitEvent, useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "./feedback";

export interface DialogState<Which> {
  which: Which | undefined;
  open: (which: Which) => void;
  /** `done` when what opened the dialog is about to disappear. */
  close: (done?: boolean) => void;
}

export function useDialog<Which>(): DialogState<Which> {
  const [which, setWhich] = useState<Which>();
  const opener = useRef<Element>(null);
  const open = useCallback((next: Which) => {
    opener.current = document.activeElement;
    setWhich(() => next);
  }, []);
  const close = useCallback((done = false) => {
    setWhich(undefined);
    const target = done ? null : opener.current;
    requestAnimationFrame(() => {
      const element = target?.isConnected ? target : document.querySelector("h1");
      if (element instanceof HTMLElement) element.focus();
    });
  }, []);
  return { which, open, close };
}

interface FormDialogProps {
  title: string;
  /** What happens on confirming. */
  intro?: ReactNode;
  confirm: string;
  danger?: boolean;
  running: boolean;
  failure: string | undefined;
  /** `lg` fills a phone's screen. */
  size?: "md" | "lg";
  onClose: () => void;
  onConfirm: () => void;
  children?: ReactNode;
}

export function FormDialog(props: FormDialogProps) {
  const { t } = useTranslation();
  const onPhone = useMediaQuery("(width < 48em)");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // A dialog inside another form's tree must not submit that form too.
    event.stopPropagation();
    props.onConfirm();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size={props.size ?? "md"}
      fullScreen={onPhone && props.size === "lg"}
      returnFocus={false}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          {props.intro && <Text size="sm">{props.intro}</Text>}
          {props.children}
          {props.failure && <Failure>{props.failure}</Failure>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={props.onClose}>
              {t("cancel")}
            </Button>
            <Button
              type="submit"
              color={props.danger ? "red.8" : undefined}
              loading={props.running}
            >
              {props.confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
