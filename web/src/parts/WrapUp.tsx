/** After-call work: what came of it, what the next colleague should know. */

import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "./Icon";

const OUTCOMES = ["resolved", "follow_up", "escalated", "wrong_contact"] as const;

export function WrapUp({ onFinish }: { onFinish: (disposition: string, notes: string) => void }) {
  const { t } = useTranslation("desk");
  const [outcome, setOutcome] = useState<string>(OUTCOMES[0]);
  const [notes, setNotes] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onFinish(outcome, notes.trim());
  };
  return (
    <form className="card wrapup" onSubmit={submit}>
      <h2>{t("agent.acw")}</h2>
      <label>
        {t("agent.disposition")}
        <select value={outcome} onChange={(event) => setOutcome(event.target.value)}>
          {OUTCOMES.map((one) => (
            <option key={one} value={one}>
              {t(`agent.dispositions.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("agent.notes")}
        <textarea rows={4} maxLength={4000} value={notes} placeholder={t("agent.notesHint")} onChange={(event) => setNotes(event.target.value)} />
      </label>
      <button type="submit" className="primary wide">
        <Icon name="check" /> {t("agent.finish")}
      </button>
    </form>
  );
}
