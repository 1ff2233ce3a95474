/** A page that broke while it was drawn or loaded: say so and offer to load again. */
import { useTranslation } from "react-i18next";
import { Failure } from "../components/feedback";
import { Plain } from "../components/plain";

export function PageFailed() {
  const { t } = useTranslation();
  return (
    <Plain>
      <Failure title={t("error.pageTitle")} retry={() => window.location.reload()}>
        {t("error.page")}
      </Failure>
    </Plain>
  );
}
