/** An emotion as face and word; colour only repeats what both say. */

import { useTranslation } from "react-i18next";
import type { Emotion } from "../api";
import { evidence } from "../lib/evidence";

const MOUTHS: Record<Emotion["label"], string> = {
  neutral: "M8 15h8",
  content: "M8 14c1.2 2.2 6.8 2.2 8 0",
  sad: "M8 16.2c1.2-2.2 6.8-2.2 8 0",
  anxious: "M8 15.5l1.6-1.2 1.6 1.2 1.6-1.2 1.6 1.2 1.6-1.2",
  angry: "M8 16.2c1.2-2.2 6.8-2.2 8 0M7.5 8l2.5 1.2M16.5 8 14 9.2",
  unknown: "M10 15.5h4",
};

export function EmotionTag({ emotion }: { emotion: Emotion }) {
  const { t } = useTranslation("history");
  const translate = (key: string, values?: Record<string, unknown>): string => t(key, values ?? {});
  const why = (emotion.evidence ?? []).map((sentence) => evidence(sentence, translate));
  if (emotion.frustration !== undefined) why.push(t("affect.frustration", { percent: Math.round(100 * emotion.frustration) }));
  return (
    <span className={`emotion emotion-${emotion.label}`} title={why.join("; ")}>
      <svg aria-hidden="true" width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round">
        <circle cx="12" cy="12" r="9" />
        <path d={`M9 10.5v.1M15 10.5v.1${MOUTHS[emotion.label]}`} />
      </svg>
      {t(`emotion.${emotion.label}`)}
      {emotion.disagreement ? ` · ${t(`disagreement.${emotion.disagreement}`)}` : ""}
    </span>
  );
}

/** The reasons beside the label, the two that weigh most. */
export function Evidence({ sentences }: { sentences: string[] }) {
  const { t } = useTranslation("history");
  const translate = (key: string, values?: Record<string, unknown>): string => t(key, values ?? {});
  return <small className="evidence">{sentences.slice(0, 2).map((sentence) => evidence(sentence, translate)).join(" · ")}</small>;
}
