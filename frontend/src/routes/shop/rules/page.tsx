/** The shop's own routing rules: what must be so, whatever it costs. */
import { Button } from "@mantine/core";
import { ListChecks, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { FormDialog, useDialog } from "../../../components/dialog";
import { Empty, Failure, Loaded, RowsSkeleton } from "../../../components/feedback";
import { ButtonLink } from "../../../components/links";
import { Page } from "../../../components/page";
import { Card } from "../../../components/section";
import type { ResultOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { EVERY, useLive } from "../../../lib/live";
import { tell } from "../../../lib/tell";
import { MoreSuppliers, useAllSuppliers } from "../all-suppliers";
import { type Rule, RuleEditor } from "./editor";
import { History } from "./history";
import { moved, RuleList } from "./list";
import { DeleteRule, OrderRules, RulesQuery, SaveRule, SwitchRule } from "./query";

type Answer = ResultOf<typeof RulesQuery>;
type Open = { edit: Rule | undefined } | { remove: Rule };

export function Rules() {
  const { t } = useTranslation();
  const live = useAllSuppliers(useLive({ query: RulesQuery }, EVERY.calm), MoreSuppliers);
  const dialog = useDialog<Open>();
  const add = (
    <Button leftSection={<Plus size={16} />} onClick={() => dialog.open({ edit: undefined })}>
      {t("rules.add")}
    </Button>
  );
  const { which, close } = dialog;
  return (
    <Page
      title={t("rules.title")}
      intro={t("rules.intro")}
      actions={
        live.data && (
          <>
            <ButtonLink to="/what-if" variant="default">
              {t("rules.tryFirst")}
            </ButtonLink>
            {add}
          </>
        )
      }
    >
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={5} />
          </Card>
        }
      >
        {(answer) => (
          <>
            {answer.rulebook.rules.length > 0 ? (
              <LiveRules answer={answer} open={dialog.open} />
            ) : (
              <Card>
                <Empty icon={<ListChecks />} title={t("rules.none")} action={add}>
                  {t("rules.noneWhy")}
                </Empty>
              </Card>
            )}
            {answer.rulebook.version > 0 && <History answer={answer} />}
            {which && "edit" in which && (
              <EditRule answer={answer} rule={which.edit} close={close} />
            )}
            {which && "remove" in which && (
              <RemoveRule answer={answer} rule={which.remove} close={close} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function LiveRules({ answer, open }: { answer: Answer; open: (which: Open) => void }) {
  const { t } = useTranslation();
  const { rules, version } = answer.rulebook;
  const order = useAction(OrderRules);
  const turn = useAction(SwitchRule);
  const failure = order.failure ?? turn.failure;
  return (
    <>
      {failure && <Failure>{failure}</Failure>}
      <Card>
        <RuleList
          rules={rules}
          suppliers={answer.suppliers.nodes}
          busy={order.running || turn.running}
          edit={(rule) => open({ edit: rule })}
          remove={(rule) => open({ remove: rule })}
          turn={async ({ id }, enabled) => {
            const outcome = await turn.run({ id, enabled, version });
            if (outcome.ok) tell(t("rules.saved"));
          }}
          move={async (index, by) => {
            const ids = moved(rules, index, by).map(({ id }) => id);
            const outcome = await order.run({ ids, version });
            if (outcome.ok) tell(t("rules.moved"));
          }}
        />
      </Card>
    </>
  );
}

function EditRule({ answer, rule, close }: Omit<RemoveProps, "rule"> & { rule: Rule | undefined }) {
  const { t } = useTranslation();
  const save = useAction(SaveRule);
  const { version } = answer.rulebook;
  return (
    <RuleEditor
      answer={answer}
      rule={rule}
      running={save.running}
      failure={save.failure}
      close={close}
      save={async (input) => {
        const outcome = await save.run({ id: rule?.id ?? null, version, input });
        if (!outcome.ok) return outcome.problems;
        tell(t("rules.saved"));
        return undefined;
      }}
    />
  );
}

interface RemoveProps {
  answer: Answer;
  rule: Rule;
  close: (done?: boolean) => void;
}

function RemoveRule({ answer, rule, close }: RemoveProps) {
  const { t } = useTranslation();
  const remove = useAction(DeleteRule);
  return (
    <FormDialog
      title={t("rules.delete", { name: rule.name })}
      intro={t("rules.deleteWhy")}
      confirm={t("rules.deleteIt")}
      danger
      running={remove.running}
      failure={remove.failure}
      onClose={close}
      onConfirm={async () => {
        const outcome = await remove.run({ id: rule.id, version: answer.rulebook.version });
        if (!outcome.ok) return;
        tell(t("rules.deleted"));
        close(true);
      }}
    />
  );
}
