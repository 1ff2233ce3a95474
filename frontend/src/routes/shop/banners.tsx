/** What every page of the dashboard must say when it is so. */
import { Anchor, Button, Group, Text } from "@mantine/core";
import { CirclePause, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { OutageFields } from "../../components/outage";
import { FullTime } from "../../components/time";
import { type FragmentOf, graphql, readFragment } from "../../gql/graphql";
import { useAction } from "../../lib/action";
import classes from "./banners.module.css";

const TurnAutomationOn = graphql(`
  mutation TurnAutomationOn {
    updateShopSettings(input: { automation: true }) {
      shop {
        id
        settings {
          automation
        }
      }
      problems {
        field
        code
        message
      }
    }
  }
`);

export function AutomationBanner() {
  const { t } = useTranslation();
  const turnOn = useAction(TurnAutomationOn);
  return (
    <Banner icon={<CirclePause size={18} />}>
      <Text size="sm">
        <strong>{t("automation.off")}</strong> {turnOn.failure ?? t("automation.offMeans")}
      </Text>
      <Button
        size="xs"
        variant="default"
        loading={turnOn.running}
        onClick={() => void turnOn.run({})}
      >
        {t("automation.turnOn")}
      </Button>
    </Banner>
  );
}

export function ReconnectBanner({ domain }: { domain: string }) {
  const { t } = useTranslation();
  return (
    <Banner icon={<Unplug size={18} />}>
      <Text size="sm">
        <strong>{t("reconnect.title")}</strong> {t("reconnect.means")}
      </Text>
      <Anchor size="sm" fw={600} href={`/auth/shopify?shop=${encodeURIComponent(domain)}`}>
        {t("reconnect.action")}
      </Anchor>
    </Banner>
  );
}

/** Shopify does not answer for the shop: what is meant for it waits, and nobody has to do anything. */
export function OutageBanner({ outage }: { outage: FragmentOf<typeof OutageFields> }) {
  const { t } = useTranslation();
  const { since, reason } = readFragment(OutageFields, outage);
  return (
    <Banner icon={<Unplug size={18} />}>
      <Text size="sm">
        <strong>{t("shopOutage.title")}</strong> {t("shopOutage.means")}{" "}
        {t("shopOutage.lastCall", { reason })}
      </Text>
      <Text size="sm" c="dimmed">
        {t("suppliers.outageSince")} <FullTime at={since} />
      </Text>
    </Banner>
  );
}

function Banner({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <aside className={classes.banner}>
      <span aria-hidden="true">{icon}</span>
      <Group gap="sm" flex={1} justify="space-between">
        {children}
      </Group>
    </aside>
  );
}
