/** A customer's emotion as icon and word; colour only repeats both. */

import { IconMoodAngry, IconMoodEmpty, IconMoodNervous, IconMoodSad, IconMoodSmile, IconQuestionMark } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import css from "./desk.module.css";

const FACES = {
  neutral: IconMoodEmpty,
  content: IconMoodSmile,
  sad: IconMoodSad,
  anxious: IconMoodNervous,
  angry: IconMoodAngry,
  unknown: IconQuestionMark,
};

export function EmotionWord({ label, frustration }: { label: string; frustration?: number | null }) {
  const { t } = useTranslation("desk");
  const known = label in FACES ? (label as keyof typeof FACES) : "unknown";
  const Face = FACES[known];
  const title = frustration == null ? undefined : t("affect.frustration", { percent: Math.round(100 * frustration) });
  return (
    <span className={css.emotion} data-label={known} title={title}>
      <Face size={16} aria-hidden />
      {t(`emotion.${known}`)}
    </span>
  );
}
