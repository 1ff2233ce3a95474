import { expect, it } from "vitest";
import { fieldErrors } from "./field-errors";

const problem = (field: string[], message: string) => ({
  field,
  code: "INVALID" as const,
  message,
});

it("puts a problem at its field, or at the nearest one above it", () => {
  const problems = [
    problem(["zones", "0", "postcodes", "1", "to"], "the range is upside down"),
    problem(["zones", "0", "postcodes", "0"], "give a prefix"),
    problem(["perOrder"], "this is not negative"),
    problem(["unknown"], "lost"),
  ];
  expect(fieldErrors(problems, ["perOrder", "zones.0.postcodes"])).toEqual({
    "zones.0.postcodes": "The range is upside down. Give a prefix.",
    perOrder: "This is not negative.",
  });
});
