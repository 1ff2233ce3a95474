/** The buckets with their counts, where the side navigation is folded away. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { EnumOf, ResultOf } from "../../../gql/graphql";
import type { PortalCountsFields } from "../query";
import { BUCKET_NAMES, BUCKETS } from "../shell";
import classes from "./bucket-tabs.module.css";

interface BucketTabsProps {
  bucket: EnumOf<"PortalBucket">;
  counts: ResultOf<typeof PortalCountsFields> | undefined;
}

export function BucketTabs({ bucket, counts }: BucketTabsProps) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("portal.buckets")} className={classes.tabs}>
      {BUCKET_NAMES.map((name) => (
        <Link
          key={name}
          to="/portal"
          search={{ bucket: name }}
          className={classes.tab}
          aria-current={name === bucket ? "page" : undefined}
        >
          {t(`portalBucket.${name}`)}
          <span className={classes.count}>{counts?.[BUCKETS[name].count] ?? "…"}</span>
        </Link>
      ))}
    </nav>
  );
}
