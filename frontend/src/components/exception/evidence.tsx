/** What Orderyard knows about an exception, as it was recorded: names and values. */
import { useTranslation } from "react-i18next";
import classes from "./evidence.module.css";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function Evidence({ evidence }: { evidence: unknown }) {
  const { t } = useTranslation();
  const entries = flat(evidence);
  if (entries.length === 0) return null;
  return (
    <details className={classes.details}>
      <summary>{t("exceptions.evidence")}</summary>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Plain values only: what is nested or an id is for programs. */
function flat(evidence: unknown): [string, string][] {
  if (evidence === null || typeof evidence !== "object") return [];
  const plain = Object.entries(evidence).filter(
    ([, value]) =>
      ["string", "number", "boolean"].includes(typeof value) && !UUID.test(String(value)),
  );
  return plain.map(([name, value]) => [
    name
      .replaceAll("_", " ")
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase(),
    String(value),
  ]);
}
