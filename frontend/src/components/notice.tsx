/** A coloured box inside a page: something to know, to decide, or that went wrong. */
import clsx from "clsx";
import type { ReactNode } from "react";
import classes from "./notice.module.css";

interface NoticeProps {
  tone: "neutral" | "warn" | "bad";
  icon: ReactNode;
  title?: string | undefined;
  /** `alert` is read aloud at once. */
  role?: "alert" | "note";
  children: ReactNode;
}

export function Notice({ tone, icon, title, role = "note", children }: NoticeProps) {
  return (
    <div className={clsx(classes.notice, classes[tone])} role={role}>
      <span className={classes.icon} aria-hidden="true">
        {icon}
      </span>
      <div className={classes.text}>
        {title && <p className={classes.title}>{title}</p>}
        {children}
      </div>
    </div>
  );
}
