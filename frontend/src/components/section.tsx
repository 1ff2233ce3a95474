/** A titled card of a page. */
import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./section.module.css";

interface SectionProps {
  title: string;
  intro?: ReactNode;
  actions?: ReactNode;
  /** Content to the edge of the card: tables and lists. */
  flush?: boolean;
  children: ReactNode;
}

export function Section({ title, intro, actions, flush, children }: SectionProps) {
  const id = useId();
  return (
    <section className={classes.card} aria-labelledby={id}>
      <div className={classes.head}>
        <Group justify="space-between" gap="sm" wrap="nowrap" align="flex-start">
          <Title order={2} id={id}>
            {title}
          </Title>
          {actions && (
            <Group gap="xs" className="no-print">
              {actions}
            </Group>
          )}
        </Group>
        {intro && (
          <Text c="dimmed" size="sm" mt={2}>
            {intro}
          </Text>
        )}
      </div>
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}

export function Card({ children }: { children: ReactNode }) {
  return <div className={classes.card}>{children}</div>;
}
