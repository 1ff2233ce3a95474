/** The server's problems at the fields that they are about. */
import type { Problem } from "./action";
import { sentence } from "./sentence";

interface FormLike {
  values: Record<string, unknown>;
  setFieldError: (field: never, message: string) => void;
}

export function showProblems(form: FormLike, problems: readonly Problem[]): void {
  for (const { field, message } of problems) {
    const name = field?.at(-1);
    if (name && name in form.values) form.setFieldError(name as never, sentence(message));
  }
}
