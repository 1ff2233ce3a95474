/** The rules of a draft: the live ones to begin with, changed here and nowhere else. */
import { Button, Group, Text } from "@mantine/core";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { useDialog } from "../../../components/dialog";
import type { Problem } from "../../../lib/action";
import { type Rule, RuleEditor, type RuleInput } from "../rules/editor";
import { moved, RuleList } from "../rules/list";
import { ConditionMistakeQuery } from "../rules/query";
import { asRule, type Live } from "./draft";
import classes from "./what-if.module.css";

interface DraftRulesProps {
  live: Live;
  rules: readonly Rule[];
  change: (rules: Rule[]) => void;
}

export function DraftRules({ live, rules, change }: DraftRulesProps) {
  const { t } = useTranslation();
  const dialog = useDialog<{ edit: Rule | undefined }>();
  return (
    <>
      {rules.length > 0 ? (
        <div className={classes.framed}>
          <RuleList
            rules={rules}
            suppliers={live.suppliers.nodes}
            busy={false}
            stateless
            edit={(rule) => dialog.open({ edit: rule })}
            turn={({ id }, enabled) =>
              change(rules.map((rule) => (rule.id === id ? { ...rule, enabled } : rule)))
            }
            move={(index, by) => change(moved(rules, index, by))}
            remove={({ id }) => change(rules.filter((rule) => rule.id !== id))}
          />
        </div>
      ) : (
        <Text size="sm" c="dimmed">
          {t("rules.none")}
        </Text>
      )}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={14} />}
          onClick={() => dialog.open({ edit: undefined })}
        >
          {t("rules.add")}
        </Button>
      </Group>
      {dialog.which && (
        <DraftRule
          live={live}
          rules={rules}
          rule={dialog.which.edit}
          change={change}
          close={dialog.close}
        />
      )}
    </>
  );
}

interface DraftRuleProps extends DraftRulesProps {
  rule: Rule | undefined;
  close: (done?: boolean) => void;
}

function DraftRule({ live, rules, rule, change, close }: DraftRuleProps) {
  const { t } = useTranslation();
  const client = useClient();
  const [running, setRunning] = useState(false);

  const mistakes = async ({ name, when, kind }: RuleInput): Promise<Problem[]> => {
    const invalid = (field: string, message: string): Problem[] => [
      { field: [field], code: "INVALID", message },
    ];
    if (rules.some((other) => other.name === name && other.id !== rule?.id))
      return invalid("name", t("whatIf.sameName"));
    if (!when) return [];
    const { data } = await client.query(ConditionMistakeQuery, { when, kind }).toPromise();
    return data?.conditionMistake ? invalid("when", data.conditionMistake.message) : [];
  };
  return (
    <RuleEditor
      answer={live}
      rule={rule}
      running={running}
      failure={undefined}
      close={close}
      save={async (input) => {
        const next = asRule({ ...input, name: input.name.trim() });
        setRunning(true);
        const found = await mistakes({ ...input, name: next.name });
        setRunning(false);
        if (found.length > 0) return found;
        change(rule ? rules.map((row) => (row.id === rule.id ? next : row)) : [...rules, next]);
        return undefined;
      }}
    />
  );
}
