/** What a failed request means and what to do about it, in the reader's words. */
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { errorCodes } from "./client";
import { sentence } from "./sentence";

export function useErrorText(): (error: CombinedError) => string {
  const { t } = useTranslation();
  return useCallback(
    (error: CombinedError) => {
      const codes = errorCodes(error);
      const status = (error.response as Response | undefined)?.status;
      if (codes.includes("UNAUTHENTICATED")) return t("error.signedOut");
      if (codes.includes("FORBIDDEN")) return t("error.forbidden");
      const busy = codes.includes("RATE_LIMITED") || codes.includes("UNAVAILABLE");
      if (busy || status === 429 || status === 503) return t("error.busy");
      if (error.networkError && status === undefined) return t("error.offline");
      const said = error.graphQLErrors.map(({ message }) => sentence(message)).join(" ");
      return said ? t("error.said", { said }) : t("error.unknown");
    },
    [t],
  );
}
