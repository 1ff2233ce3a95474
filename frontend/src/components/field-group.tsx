/** Fields of a form that belong together, with what they are. */
import type { ReactNode } from "react";
import classes from "./field-group.module.css";

export function FieldGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={classes.group}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}
