/** While it is not yet known who is asking. */
import { Center, Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";

export function Waiting() {
  const { t } = useTranslation();
  return (
    <Center mih="100dvh">
      <Loader type="dots" role="status" aria-label={t("loading")} />
    </Center>
  );
}
