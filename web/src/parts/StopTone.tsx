/** The caller asked staff to stop: one click ends the analysis of their tone and deletes what it found. */

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api";
import type { Picture } from "../lib/transcript";

export function StopTone({ id, picture }: { id: string; picture: Picture }) {
  const { t } = useTranslation();
  const [failure, setFailure] = useState(false);
  const withdrawn = picture.notes.some(
    (note) => note.type === "consent.withdrawn" && (note.payload["purposes"] as string[]).includes("emotion"),
  );
  if (picture.consents["emotion"] !== true) return withdrawn ? <p className="hint">{t("affect.stopped")}</p> : null;
  return (
    <>
      <button type="button" className="quiet" onClick={() => api.stopTone(id).catch(() => setFailure(true))}>
        {t("affect.stop")}
      </button>
      {failure && <p className="alert" role="alert">{t("error.network")}</p>}
    </>
  );
}
