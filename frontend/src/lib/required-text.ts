/** A text that must be given: says so at the field, and takes the reader there. */
import { type ChangeEvent, type RefObject, useRef, useState } from "react";

type Field = HTMLInputElement | HTMLTextAreaElement;

export interface RequiredText<Element extends Field> {
  props: {
    ref: RefObject<Element | null>;
    value: string;
    error: string | undefined;
    required: true;
    onChange: (event: ChangeEvent<Element>) => void;
  };
  /** The trimmed text; undefined when it is missing, which then shows. */
  take: () => string | undefined;
}

export function useRequiredText<Element extends Field>(missing: string): RequiredText<Element> {
  const ref = useRef<Element>(null);
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(false);
  const text = value.trim();
  return {
    props: {
      ref,
      value,
      error: tried && !text ? missing : undefined,
      required: true,
      onChange: (event) => setValue(event.currentTarget.value),
    },
    take: () => {
      if (text) return text;
      setTried(true);
      ref.current?.focus();
      return undefined;
    },
  };
}
