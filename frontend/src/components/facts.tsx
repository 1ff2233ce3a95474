/** Names and values under each other. */
import type { ReactNode } from "react";
import classes from "./facts.module.css";

type Fact = readonly [name: string, value: ReactNode];

/** Absent facts are left out. */
export function Facts({ facts }: { facts: (Fact | false | null | undefined | "")[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
