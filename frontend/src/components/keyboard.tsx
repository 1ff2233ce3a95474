/**
 * Keys for those who live in this page: go to a section (`g` then a letter), walk
 * a list (`j`, `k`, Enter), search (`/`), help (`?`). They rest while one types or
 * a dialog is open, and can be switched off (WCAG 2.1.4).
 */
import { Group, Kbd, Modal, Stack, Switch, Table, Text, UnstyledButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./keyboard.module.css";

export interface GoTo {
  key: string;
  /** A path of this application. */
  href: string;
  label: string;
}

/** Put it on the link that stands for a row; `j` and `k` move between these. */
export const ROW_LINK = { "data-row-link": "" } as const;
/** Put it on the page's search field; `/` goes there. */
export const SEARCH_FIELD = { "data-search-field": "" } as const;

const SEQUENCE_MS = 1200;

export function Keyboard({ goTo }: { goTo: GoTo[] }) {
  const { t } = useTranslation();
  const [helpOpen, setHelpOpen] = useState(false);
  const [enabled, setEnabled] = useLocalStorage({ key: "orderyard-keys", defaultValue: true });
  useShortcuts(goTo, enabled, () => setHelpOpen(true));

  return (
    <>
      <UnstyledButton className={classes.help} onClick={() => setHelpOpen(true)}>
        {t("keyboard.open")} <Kbd aria-hidden="true">?</Kbd>
      </UnstyledButton>
      <Modal
        opened={helpOpen}
        onClose={() => setHelpOpen(false)}
        title={t("keyboard.title")}
        closeButtonProps={{ "aria-label": t("close") }}
      >
        <Stack>
          <Table aria-label={t("keyboard.title")}>
            <Table.Tbody>
              <Shortcut keys={["j", "k"]} label={t("keyboard.rows")} />
              <Shortcut keys={["Enter"]} label={t("keyboard.enter")} />
              <Shortcut keys={["/"]} label={t("keyboard.search")} />
              <Shortcut keys={["?"]} label={t("keyboard.help")} />
              {goTo.map(({ key, label }) => (
                <Shortcut key={key} keys={["g", key]} label={t("keyboard.goTo", { page: label })} />
              ))}
            </Table.Tbody>
          </Table>
          <Switch
            label={t("keyboard.enabled")}
            description={t("keyboard.enabledWhy")}
            checked={enabled}
            onChange={(event) => setEnabled(event.currentTarget.checked)}
          />
        </Stack>
      </Modal>
    </>
  );
}

function Shortcut({ keys, label }: { keys: string[]; label: string }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} w={110}>
        <Group gap={4} wrap="nowrap">
          {keys.map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}
        </Group>
      </Table.Th>
      <Table.Td>
        <Text size="sm">{label}</Text>
      </Table.Td>
    </Table.Tr>
  );
}

function useShortcuts(goTo: GoTo[], enabled: boolean, openHelp: () => void) {
  const navigate = useNavigate();
  const startedAt = useRef(0);

  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector("[role=dialog]")) return;
      const inSequence = event.timeStamp - startedAt.current < SEQUENCE_MS;
      startedAt.current = 0;
      const target = inSequence ? goTo.find(({ key }) => key === event.key) : undefined;
      if (target) void navigate({ href: target.href });
      else if (event.key === "g") startedAt.current = event.timeStamp;
      else if (event.key === "?") openHelp();
      else if (event.key === "/") focus(document.querySelector("[data-search-field]"));
      else if (event.key === "j") moveRow(1);
      else if (event.key === "k") moveRow(-1);
      else return;
      if (event.key !== "g") event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [goTo, enabled, openHelp, navigate]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function moveRow(step: 1 | -1) {
  const rows = [...document.querySelectorAll("[data-row-link]")];
  const at = document.activeElement ? rows.indexOf(document.activeElement) : -1;
  const next = at === -1 ? (step === 1 ? 0 : rows.length - 1) : at + step;
  focus(rows[Math.max(0, Math.min(rows.length - 1, next))] ?? null);
}

function focus(element: Element | null) {
  if (!(element instanceof HTMLElement)) return;
  element.focus();
  element.scrollIntoView({ block: "nearest" });
}
