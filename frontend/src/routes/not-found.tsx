/** An address that leads nowhere. */
import { Compass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Empty } from "../components/feedback";
import { ButtonLink } from "../components/links";
import { Page } from "../components/page";
import { Plain } from "../components/plain";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Plain>
      <Page title={t("notFound.title")}>
        <Empty
          icon={<Compass />}
          title={t("notFound.what")}
          action={<ButtonLink to="/">{t("notFound.home")}</ButtonLink>}
        >
          {t("notFound.why")}
        </Empty>
      </Page>
    </Plain>
  );
}
