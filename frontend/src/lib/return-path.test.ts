import { describe, expect, it } from "vitest";
import { destination } from "./enter";
import { safeReturnPath, signInPath } from "./return-path";

describe("safeReturnPath", () => {
  it.each([
    ["/orders?q=1001", "/orders?q=1001"],
    [undefined, "/"],
    ["https://evil.example/", "/"],
    ["//evil.example/orders", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/sign-in?return=/sign-in", "/"],
  ])("%s leads to %s", (wanted, expected) => {
    expect(safeReturnPath(wanted, "/")).toBe(expected);
  });
});

describe("signInPath", () => {
  it("remembers where one was", () => {
    expect(signInPath("/orders?q=a&status=HELD")).toBe(
      "/sign-in?return=%2Forders%3Fq%3Da%26status%3DHELD",
    );
  });
  it("needs no return to the first page, and keeps the one it has", () => {
    expect(signInPath("/")).toBe("/sign-in");
    expect(signInPath("/sign-in?return=/x")).toBe("/sign-in?return=/x");
  });
});

describe("destination", () => {
  it.each([
    ["STAFF", "/orders", "/orders"],
    ["STAFF", "/portal", "/"],
    ["STAFF", "/portalish", "/portalish"],
    ["SUPPLIER", "/orders", "/portal"],
    ["SUPPLIER", "/portal?bucket=DONE", "/portal?bucket=DONE"],
    ["SUPPLIER", undefined, "/portal"],
  ] as const)("%s who wanted %s goes to %s", (kind, wanted, expected) => {
    expect(destination(kind, wanted)).toBe(expected);
  });
});
