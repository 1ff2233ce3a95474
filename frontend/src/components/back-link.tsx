/** The way back to the list that a page belongs to. */
import { Anchor, type AnchorProps, Group } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import type { AnchorHTMLAttributes } from "react";

type Props = AnchorProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps>;

export const BackLink = createLink(({ children, ...props }: Props) => (
  <Anchor {...props} size="sm" w="fit-content" className="no-print">
    <Group gap={4} component="span">
      <ArrowLeft size={15} aria-hidden="true" />
      {children}
    </Group>
  </Anchor>
));
