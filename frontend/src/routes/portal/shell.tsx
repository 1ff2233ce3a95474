/** Around the portal's pages: only a supplier's people may enter. */
import { Outlet } from "@tanstack/react-router";
import { CalendarClock, CircleCheck, Inbox, Truck, Undo2 } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "../../components/feedback";
import { Frame } from "../../components/frame";
import { type GoTo, Keyboard } from "../../components/keyboard";
import { Plain } from "../../components/plain";
import { SideNav, type SideNavItem } from "../../components/side-nav";
import { Waiting } from "../../components/waiting";
import type { EnumOf, ResultOf } from "../../gql/graphql";
import { EVERY, useLive } from "../../lib/live";
import { useOnlyFor } from "../../lib/only-for";
import { type PortalCountsFields, PortalCountsQuery, PortalShellQuery } from "./query";

type Bucket = EnumOf<"PortalBucket">;
type Counts = ResultOf<typeof PortalCountsFields>;

/** In the order of a working day. */
export const BUCKETS = {
  NEW: { count: "new", key: "n", icon: Inbox },
  PAST_SHIP_BY: { count: "pastShipBy", key: "p", icon: CalendarClock },
  TO_SHIP: { count: "toShip", key: "t", icon: Truck },
  CANCEL_REQUESTED: { count: "cancelRequested", key: "c", icon: Undo2 },
  DONE: { count: "done", key: "d", icon: CircleCheck },
} as const satisfies Record<
  Bucket,
  { count: keyof Counts; key: string; icon: SideNavItem["icon"] }
>;

export const BUCKET_NAMES = Object.keys(BUCKETS) as Bucket[];

export function PortalShell() {
  const { t } = useTranslation();
  const live = useLive({ query: PortalShellQuery });
  const viewer = live.data?.viewer;
  useOnlyFor("SUPPLIER", viewer === undefined ? undefined : (viewer?.kind ?? null));
  const counts = useLive({ query: PortalCountsQuery, pause: !viewer?.supplier }, EVERY.calm).data
    ?.purchaseOrders.counts;
  const goTo = useMemo<GoTo[]>(
    () =>
      BUCKET_NAMES.map((bucket) => ({
        key: BUCKETS[bucket].key,
        href: `/portal?bucket=${bucket}`,
        label: t(`portalBucket.${bucket}`),
      })),
    [t],
  );

  if (!viewer?.supplier) {
    if (!live.error || live.data) return <Waiting />;
    return (
      <Plain>
        <ErrorNote error={live.error} retry={live.refresh} />
      </Plain>
    );
  }
  return (
    <Frame
      place={viewer.supplier.name}
      person={viewer.name}
      help={<Keyboard goTo={goTo} />}
      navigation={
        <SideNav
          items={BUCKET_NAMES.map((bucket) => {
            const count = counts?.[BUCKETS[bucket].count];
            return {
              to: "/portal",
              search: { bucket },
              label: t(`portalBucket.${bucket}`),
              icon: BUCKETS[bucket].icon,
              count: bucket === "DONE" ? undefined : count,
              countLabel: t("portal.count", { count: count ?? 0 }),
              urgent: bucket === "PAST_SHIP_BY" || bucket === "CANCEL_REQUESTED",
              exact: true,
            };
          })}
        />
      }
    >
      <Outlet />
    </Frame>
  );
}
