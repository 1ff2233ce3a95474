import { expect, it } from "vitest";
import { sentence } from "./sentence";

it.each([
  ["there is no such offer", "There is no such offer."],
  ["Already done.", "Already done."],
  ["really?", "Really?"],
  ["", ""],
])("%j becomes %j", (message, expected) => {
  expect(sentence(message)).toBe(expected);
});
