/** A decimal as text, for money and percentages; a comma is a point. */
import { TextInput, type TextInputProps } from "@mantine/core";

export function DecimalInput({ onChange, ...props }: TextInputProps) {
  return (
    <TextInput
      inputMode="decimal"
      {...props}
      onChange={(event) => {
        event.currentTarget.value = event.currentTarget.value.replace(",", ".");
        onChange?.(event);
      }}
    />
  );
}
