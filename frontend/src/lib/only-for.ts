/** Each kind of person has a place; strangers sign in first. The server decides, this guides. */
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import type { EnumOf } from "../gql/graphql";
import { signInPath } from "./return-path";

type Kind = EnumOf<"ViewerKind">;

/** `actual` is undefined while unknown and null when nobody is signed in. */
export function useOnlyFor(wanted: "STAFF" | "SUPPLIER", actual: Kind | null | undefined) {
  const router = useRouter();
  useEffect(() => {
    if (actual === undefined || actual === wanted) return;
    const elsewhere = wanted === "STAFF" ? "/portal" : "/";
    const href = actual === null ? signInPath(router.state.location.href) : elsewhere;
    void router.navigate({ href, replace: true });
  }, [wanted, actual, router]);
}
