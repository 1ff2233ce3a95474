/** The entries of the navigation, each with its count where one matters. */
import { Badge, VisuallyHidden } from "@mantine/core";
import type { LinkProps } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import { SideLink } from "./links";
import classes from "./side-nav.module.css";

export interface SideNavItem {
  to: LinkProps["to"];
  search?: LinkProps["search"];
  label: string;
  icon: LucideIcon;
  count?: number | undefined;
  /** What the count means, for those who hear it. */
  countLabel?: string | undefined;
  urgent?: boolean;
  exact?: boolean;
}

export function SideNav({ items }: { items: SideNavItem[] }) {
  return (
    <ul className={classes.list}>
      {items.map(({ to, search, label, icon: Icon, count, countLabel, urgent, exact }) => (
        <li key={label}>
          <SideLink
            to={to}
            search={search as never}
            activeOptions={{ exact: exact ?? false, includeSearch: search !== undefined }}
            className={classes.link}
            label={label}
            leftSection={<Icon size={18} aria-hidden="true" />}
            rightSection={
              count ? (
                <Badge
                  size="sm"
                  variant={urgent ? "filled" : "light"}
                  color={urgent ? "red.8" : "gray"}
                  className="tabular"
                >
                  <span aria-hidden="true">{count}</span>
                  <VisuallyHidden>{countLabel}</VisuallyHidden>
                </Badge>
              ) : undefined
            }
          />
        </li>
      ))}
    </ul>
  );
}
