/** A condition as text, checked by the server while it is written, its mistake marked. */
import { Anchor, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { EnumOf } from "../../../gql/graphql";
import { useLive } from "../../../lib/live";
import { sentence } from "../../../lib/sentence";
import { indexOf, split } from "./expression";
import { ConditionMistakeQuery } from "./query";
import classes from "./rules.module.css";

interface ConditionTextProps {
  text: string;
  kind: EnumOf<"RuleKind">;
  onChange: (text: string) => void;
}

export function ConditionText({ text, kind, onChange }: ConditionTextProps) {
  const { t } = useTranslation();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [when] = useDebouncedValue(text, 300);
  const empty = when.trim() === "";
  const { data } = useLive({
    query: ConditionMistakeQuery,
    variables: { when, kind },
    pause: empty,
  });
  // What is being typed is not judged by an older answer.
  const mistake = empty || when !== text ? null : (data?.conditionMistake ?? null);
  const [before, word, after] = mistake ? split(text, mistake.position.offset) : ["", "", ""];
  const goThere = () => {
    if (!mistake) return;
    const at = indexOf(text, mistake.position.offset);
    area.current?.focus();
    area.current?.setSelectionRange(at, at + word.length);
  };
  return (
    <Stack gap={6}>
      <Textarea
        ref={area}
        label={t("rules.text")}
        description={t("rules.textWhy")}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={3}
        maxRows={10}
        maxLength={1000}
        spellCheck={false}
        autoCapitalize="off"
        classNames={{ input: classes.text }}
        aria-invalid={mistake !== null}
        aria-describedby={id}
      />
      <div id={id} role="status">
        {mistake && (
          <Stack gap={4}>
            <Text size="sm" c="var(--oy-bad-fg)">
              {t("rules.mistake", {
                line: mistake.position.line,
                column: mistake.position.column,
                message: sentence(mistake.message),
              })}
            </Text>
            <pre className={classes.excerpt}>
              {before}
              <mark>{word || "\u00a0"}</mark>
              {after}
            </pre>
            <Anchor component="button" type="button" size="sm" ta="start" onClick={goThere}>
              {t("rules.goToMistake")}
            </Anchor>
          </Stack>
        )}
        {!mistake && !empty && when === text && data && (
          <Text size="sm" c="var(--oy-good-fg)">
            {t("rules.right")}
          </Text>
        )}
      </div>
    </Stack>
  );
}
