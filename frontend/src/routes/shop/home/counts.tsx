/** The shop in five numbers, each a way to the list behind it. */

import { Link, type LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { ResultOf } from "../../../gql/graphql";
import { formatCount } from "../../../lib/format";
import classes from "./counts.module.css";
import type { HomeQuery } from "./query";

export function Counts({ counts }: { counts: ResultOf<typeof HomeQuery>["shop"]["counts"] }) {
  const { t } = useTranslation();
  return (
    <ul className={classes.counts} aria-label={t("home.counts")}>
      <Count
        label={t("home.openExceptions")}
        value={counts.openExceptions}
        urgent={counts.openExceptions > 0}
        to="/exceptions"
      />
      <Count
        label={t("home.awaitingRouting")}
        value={counts.awaitingRouting}
        to="/orders"
        search={{ status: "AWAITING_ROUTING" }}
      />
      <Count
        label={t("home.withSupplier")}
        value={counts.withSupplier}
        to="/orders"
        search={{ status: "WITH_SUPPLIER,PARTLY_SHIPPED" }}
      />
      <Count
        label={t("home.shipped")}
        value={counts.shippedLast7Days}
        to="/orders"
        search={{ status: "SHIPPED" }}
      />
      <Count
        label={t("home.unmapped")}
        value={counts.unmappedVariants}
        to="/mappings"
        search={{ show: "unmapped" }}
      />
    </ul>
  );
}

interface CountProps {
  label: string;
  value: number;
  urgent?: boolean;
  to: LinkProps["to"];
  search?: Record<string, string>;
}

function Count({ label, value, urgent, to, search }: CountProps) {
  return (
    <li>
      <Link to={to} search={search as never} className={classes.count} data-urgent={urgent}>
        <span className={classes.value}>{formatCount(value)}</span>
        <span className={classes.label}>{label}</span>
      </Link>
    </li>
  );
}
