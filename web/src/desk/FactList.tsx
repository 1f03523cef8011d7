/** One layer of the profile: each fact with where it is from, how sure it is, and until when it is kept. */

import { useTranslation } from "react-i18next";
import css from "./desk.module.css";
import type { Fact } from "./panelTypes";

const plain = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (value && typeof value === "object") return Object.entries(value).map(([key, one]) => `${key}: ${plain(one)}`).join(", ");
  return String(value ?? "");
};

export function FactList({ title, facts }: { title: string; facts: Fact[] }) {
  const { t, i18n } = useTranslation("desk");
  const day = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" });
  return (
    <section>
      <h3 className={css.section} style={{ padding: "0 0 4px" }}>{title}</h3>
      <dl className={css.facts}>
        {facts.map((one) => (
          <div key={one.key} style={{ display: "contents" }}>
            <dt>{t(`fact.${one.key}`, { defaultValue: one.key.replaceAll("_", " ") })}</dt>
            <dd>
              {plain(one.value)}
              <small>
                {[
                  t(`source.${one.source}`, { defaultValue: one.source }),
                  one.confidence === null ? "" : t("customer.sure", { percent: Math.round(100 * one.confidence) }),
                  one.expires_at ? t("customer.until", { day: day.format(new Date(one.expires_at)) }) : "",
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </small>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
