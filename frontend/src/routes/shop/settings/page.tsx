/** The shop's few settings; each takes effect when it is switched. */
import { Checkbox, Radio, Stack, Switch, Text } from "@mantine/core";
import { useOptimistic, useTransition } from "react";
import { useTranslation } from "react-i18next";
import { Facts } from "../../../components/facts";
import { Failure, Loaded, RowsSkeleton } from "../../../components/feedback";
import { InviteForm } from "../../../components/invite-form";
import { Page } from "../../../components/page";
import { Card, Section } from "../../../components/section";
import { RelativeTime } from "../../../components/time";
import type { EnumOf, ResultOf, VariablesOf } from "../../../gql/graphql";
import { useAction } from "../../../lib/action";
import { EVERY, useLive } from "../../../lib/live";
import { tell } from "../../../lib/tell";
import classes from "../supplier/supplier.module.css";
import { InviteStaff, type SettingsFields, SettingsQuery, UpdateSettings } from "./query";
import { RoutingSettings } from "./routing-form";
import { Waiting } from "./waiting";

type Shop = ResultOf<typeof SettingsFields>;
type Input = VariablesOf<typeof UpdateSettings>["input"];

export function Settings() {
  const { t } = useTranslation();
  const live = useLive({ query: SettingsQuery }, EVERY.calm);
  return (
    <Page title={t("settings.title")}>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={6} />
          </Card>
        }
      >
        {({ shop }) => (
          <div className={classes.columns}>
            <Stack gap="lg" miw={0}>
              <Switches shop={shop} />
              <RoutingSettings />
            </Stack>
            <Stack gap="lg" miw={0}>
              <Staff />
              <Section title={t("settings.shop")}>
                <Facts
                  facts={[
                    [t("settings.name"), shop.name],
                    [t("settings.domain"), shop.domain],
                    [t("settings.currency"), shop.currency],
                    [t("settings.timeZone"), shop.timeZone],
                    [t("settings.status"), t(`shopStatus.${shop.status}`)],
                  ]}
                />
              </Section>
              <Compared {...shop.reconciliation} />
            </Stack>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

/** How what is here compares with Shopify: zeros are left out. */
function Compared({ last, repairedLast7Days }: Shop["reconciliation"]) {
  const { t } = useTranslation();
  const when = last?.endedAt ? <RelativeTime at={last.endedAt} /> : t("settings.comparedNever");
  return (
    <Section title={t("settings.compared")} intro={t("settings.comparedWhy")}>
      <Facts
        facts={[
          [t("settings.comparedLast"), when],
          last && [t("settings.comparedSeen"), last.seen],
          last?.ordersMissing ? [t("settings.comparedMissing"), last.ordersMissing] : null,
          last?.ordersOutdated ? [t("settings.comparedOutdated"), last.ordersOutdated] : null,
          last?.subscriptionsMissing
            ? [t("settings.comparedSubscriptions"), last.subscriptionsMissing]
            : null,
          last?.workResumed ? [t("settings.comparedResumed"), last.workResumed] : null,
          last?.asked ? [t("settings.comparedAsked"), last.asked] : null,
          last?.reportsMissed ? [t("settings.comparedReports"), last.reportsMissed] : null,
          [t("settings.comparedWeek"), repairedLast7Days],
        ]}
      />
    </Section>
  );
}

/** Shows a change at once and takes it back when the server refuses it. */
function useSettings(shop: Shop) {
  const { t } = useTranslation();
  const update = useAction(UpdateSettings);
  const [, start] = useTransition();
  const [shown, show] = useOptimistic(shop, applied);
  const change = (input: Input) =>
    start(async () => {
      show(input);
      const outcome = await update.run({ input });
      if (outcome.ok) tell(t("settings.saved"));
    });
  return { shown, change, failure: update.failure };
}

function applied(shop: Shop, { locationIds, ...input }: Input): Shop {
  const changes = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
  return {
    ...shop,
    settings: { ...shop.settings, ...changes, ...(locationIds && { allLocations: false }) },
    locations: shop.locations.map((location) =>
      locationIds ? { ...location, selected: locationIds.includes(location.id) } : location,
    ),
  };
}

function Switches({ shop }: { shop: Shop }) {
  const { t } = useTranslation();
  const { shown, change, failure } = useSettings(shop);
  const { settings, locations } = shown;
  const selected = locations.filter(({ selected: on }) => on).map(({ id }) => id);
  return (
    <Stack gap="lg" miw={0}>
      {failure && <Failure>{failure}</Failure>}
      <Section title={t("settings.automation")}>
        <Switch
          label={t("settings.automate")}
          description={t("settings.automateWhy")}
          checked={settings.automation}
          onChange={(event) => change({ automation: event.currentTarget.checked })}
        />
      </Section>
      <Waiting shop={shown} change={change} />
      <Section title={t("settings.customers")}>
        <Stack gap="md">
          <Switch
            label={t("settings.notify")}
            description={t("settings.notifyWhy")}
            checked={settings.notifyCustomer}
            onChange={(event) => change({ notifyCustomer: event.currentTarget.checked })}
          />
          <Radio.Group
            label={t("settings.kits")}
            description={t("settings.kitsWhy")}
            value={settings.kitFulfillment}
            onChange={(value) => change({ kitFulfillment: value as EnumOf<"KitFulfillment"> })}
          >
            <Stack gap="xs" mt="xs">
              <Radio value="LAST_COMPONENT" label={t("kitFulfillment.LAST_COMPONENT")} />
              <Radio value="FIRST_COMPONENT" label={t("kitFulfillment.FIRST_COMPONENT")} />
            </Stack>
          </Radio.Group>
        </Stack>
      </Section>
      <Section title={t("settings.locations")} intro={t("settings.locationsWhy")}>
        <Stack gap="sm">
          <Switch
            label={t("settings.allLocations")}
            checked={settings.allLocations}
            onChange={(event) =>
              change(
                event.currentTarget.checked ? { allLocations: true } : { locationIds: selected },
              )
            }
          />
          {!settings.allLocations && (
            <Checkbox.Group
              aria-label={t("settings.locations")}
              value={selected}
              onChange={(locationIds) => change({ locationIds })}
            >
              <Stack gap="xs">
                {locations.map(({ id, name }) => (
                  <Checkbox key={id} value={id} label={name} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
          {!settings.allLocations && selected.length === 0 && (
            <Text size="sm" c="var(--oy-warn-fg)">
              {t("settings.noLocation")}
            </Text>
          )}
        </Stack>
      </Section>
    </Stack>
  );
}

function Staff() {
  const { t } = useTranslation();
  const invite = useAction(InviteStaff);
  return (
    <Section title={t("settings.staff")}>
      <InviteForm
        label={t("settings.staffEmail")}
        description={t("settings.staffWhy")}
        running={invite.running}
        failure={invite.failure}
        invite={async (email) => {
          const outcome = await invite.run({ email });
          return outcome.ok ? { ok: true, data: outcome.data.inviteStaff.link } : outcome;
        }}
      />
    </Section>
  );
}
