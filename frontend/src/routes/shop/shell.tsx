/** Around the dashboard's pages: only staff may enter; the counts stay fresh. */
import { Outlet } from "@tanstack/react-router";
import {
  Boxes,
  CircleSlash,
  House,
  Link2,
  ListChecks,
  ReceiptText,
  Scale,
  Settings,
  TriangleAlert,
} from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "../../components/feedback";
import { Frame } from "../../components/frame";
import { type GoTo, Keyboard } from "../../components/keyboard";
import { Plain } from "../../components/plain";
import { SideNav } from "../../components/side-nav";
import { Waiting } from "../../components/waiting";
import { EVERY, useLive } from "../../lib/live";
import { useOnlyFor } from "../../lib/only-for";
import { AutomationBanner, OutageBanner, ReconnectBanner } from "./banners";
import { ShopShellQuery } from "./query";

export function ShopShell() {
  const { t } = useTranslation();
  const live = useLive({ query: ShopShellQuery }, EVERY.calm);
  const viewer = live.data?.viewer;
  const shop = viewer?.shop;
  useOnlyFor("STAFF", viewer === undefined ? undefined : (viewer?.kind ?? null));
  const goTo = useGoTo();

  if (!shop) {
    if (!live.error || live.data) return <Waiting />;
    return (
      <Plain>
        <ErrorNote error={live.error} retry={live.refresh} />
      </Plain>
    );
  }
  const { deadJobs, openExceptions, unmappedVariants } = shop.counts;
  return (
    <Frame
      place={shop.name}
      person={viewer.name}
      help={<Keyboard goTo={goTo} />}
      banner={
        <>
          {shop.status !== "INSTALLED" && <ReconnectBanner domain={shop.domain} />}
          {shop.outage && <OutageBanner outage={shop.outage} />}
          {!shop.settings.automation && <AutomationBanner />}
        </>
      }
      navigation={
        <SideNav
          items={[
            { to: "/", label: t("nav.home"), icon: House, exact: true },
            {
              to: "/exceptions",
              label: t("nav.exceptions"),
              icon: TriangleAlert,
              count: openExceptions,
              countLabel: t("nav.openCount", { count: openExceptions }),
              urgent: true,
            },
            { to: "/orders", label: t("nav.orders"), icon: ReceiptText },
            {
              to: "/mappings",
              label: t("nav.mappings"),
              icon: Link2,
              count: unmappedVariants,
              countLabel: t("nav.unmappedCount", { count: unmappedVariants }),
            },
            { to: "/rules", label: t("nav.rules"), icon: ListChecks },
            { to: "/what-if", label: t("nav.whatIf"), icon: Scale },
            { to: "/suppliers", label: t("nav.suppliers"), icon: Boxes },
            {
              to: "/given-up",
              label: t("nav.givenUp"),
              icon: CircleSlash,
              count: deadJobs,
              countLabel: t("nav.givenUpCount", { count: deadJobs }),
            },
            { to: "/settings", label: t("nav.settings"), icon: Settings },
          ]}
        />
      }
    >
      <Outlet />
    </Frame>
  );
}

function useGoTo(): GoTo[] {
  const { t } = useTranslation();
  return useMemo(
    () => [
      { key: "h", href: "/", label: t("nav.home") },
      { key: "e", href: "/exceptions", label: t("nav.exceptions") },
      { key: "o", href: "/orders", label: t("nav.orders") },
      { key: "m", href: "/mappings", label: t("nav.mappings") },
      { key: "r", href: "/rules", label: t("nav.rules") },
      { key: "w", href: "/what-if", label: t("nav.whatIf") },
      { key: "s", href: "/suppliers", label: t("nav.suppliers") },
      { key: "u", href: "/given-up", label: t("nav.givenUp") },
    ],
    [t],
  );
}
