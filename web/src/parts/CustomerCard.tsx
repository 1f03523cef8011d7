/** Who is calling and why: verified facts, the reason and the summary of the hand-over. */

import { useTranslation } from "react-i18next";
import type { Picture } from "../lib/transcript";
import { Icon } from "./Icon";

export function CustomerCard({ picture }: { picture: Picture }) {
  const { t } = useTranslation("desk");
  const facts = Object.entries(picture.queue?.facts ?? {});
  return (
    <section className="card customer">
      <h2>{t("agent.facts")}</h2>
      <p className={`verified is-${picture.verified}`}>
        <Icon name={picture.verified === "passed" ? "shield" : picture.verified === "failed" ? "warn" : "user"} size={18} />
        {t(picture.verified === "passed" ? "agent.verified" : picture.verified === "failed" ? "agent.verifyFailed" : "agent.unverified")}
      </p>
      {picture.queue && (
        <dl>
          {picture.queue.reason && (
            <>
              <dt>{t("agent.reason")}</dt>
              <dd className="reason">{picture.queue.reason}</dd>
            </>
          )}
          {picture.queue.summary && (
            <>
              <dt>{t("agent.summary")}</dt>
              <dd>{picture.queue.summary}</dd>
            </>
          )}
          {facts.map(([key, value]) => (
            <div key={key} className="fact">
              <dt>{key.replaceAll("_", " ")}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {!picture.queue && <p className="empty">{t("agent.noFacts")}</p>}
    </section>
  );
}
