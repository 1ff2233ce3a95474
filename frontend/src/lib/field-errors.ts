/** The server's problems as errors of a form with nested fields, by their paths. */
import type { Problem } from "./action";
import { sentence } from "./sentence";

/** What has no field here goes to the nearest one above it. */
export function fieldErrors(
  problems: readonly Problem[],
  fields: readonly string[],
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { field, message } of problems) {
    const path = [...(field ?? [])];
    while (path.length > 0 && !fields.includes(path.join("."))) path.pop();
    const name = path.join(".");
    if (!name) continue;
    errors[name] = [errors[name], sentence(message)].filter(Boolean).join(" ");
  }
  return errors;
}
