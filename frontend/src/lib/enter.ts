/** After signing in: to where one wanted to go, if it is a place for this person. */
import type { EnumOf } from "../gql/graphql";
import { safeReturnPath } from "./return-path";

export function enter(kind: EnumOf<"ViewerKind"> | undefined, wanted: string | undefined) {
  // A full load: the new session starts with an empty cache.
  window.location.assign(destination(kind, wanted));
}

export function destination(kind: EnumOf<"ViewerKind"> | undefined, wanted: string | undefined) {
  const home = kind === "SUPPLIER" ? "/portal" : "/";
  const path = safeReturnPath(wanted, home);
  const inPortal = /^\/portal(?=$|[/?#])/.test(path);
  return inPortal === (kind === "SUPPLIER") ? path : home;
}
