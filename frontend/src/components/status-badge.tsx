/** A state as a small label: always with text, the tone only helps the eye. */
import clsx from "clsx";
import classes from "./status-badge.module.css";

export type Tone = "neutral" | "info" | "progress" | "good" | "warn" | "bad";

export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={clsx(classes.badge, classes[tone])}>
      <span className={classes.dot} aria-hidden="true" />
      {children}
    </span>
  );
}
