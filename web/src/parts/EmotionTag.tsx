/** An emotion as face and word; colour only repeats what both say. */

import { IconMoodAngry, IconMoodEmpty, IconMoodNervous, IconMoodNeutral, IconMoodSad, IconMoodSmile } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Emotion } from "../api";
import { evidence } from "../lib/evidence";
import css from "./parts.module.css";

const FACES = {
  neutral: IconMoodNeutral,
  content: IconMoodSmile,
  sad: IconMoodSad,
  anxious: IconMoodNervous,
  angry: IconMoodAngry,
  unknown: IconMoodEmpty,
} as const;

export function EmotionTag({ emotion }: { emotion: Emotion }) {
  const { t } = useTranslation("history");
  const translate = (key: string, values?: Record<string, unknown>): string => t(key, values ?? {});
  const why = (emotion.evidence ?? []).map((sentence) => evidence(sentence, translate));
  if (emotion.frustration !== undefined) why.push(t("affect.frustration", { percent: Math.round(100 * emotion.frustration) }));
  const Face = FACES[emotion.label] ?? IconMoodEmpty;
  return (
    <span className={css["emotion"]} data-emotion={emotion.label} title={why.join("; ")}>
      <Face size={16} aria-hidden />
      {t(`emotion.${emotion.label}`)}
      {emotion.disagreement ? ` · ${t(`disagreement.${emotion.disagreement}`)}` : ""}
    </span>
  );
}

/** The reasons beside the label, the two that weigh most. */
export function Evidence({ sentences }: { sentences: string[] }) {
  const { t } = useTranslation("history");
  const translate = (key: string, values?: Record<string, unknown>): string => t(key, values ?? {});
  return <small className={css["evidence"]}>{sentences.slice(0, 2).map((sentence) => evidence(sentence, translate)).join(" · ")}</small>;
}
