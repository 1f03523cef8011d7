/** How the customer feels: now in a word, before as a curve, frustration as a share. Only with their consent. */

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Line } from "../lib/transcript";
import css from "./desk.module.css";
import { EmotionWord } from "./Emotion";
import { points } from "./emotionCurve";
import type { Contact } from "./types";

const WIDTH = 300;
const HEIGHT = 34;

export function EmotionStrip({ lines, contact, children }: { lines: Line[]; contact: Contact; children: ReactNode }) {
  const { t } = useTranslation("desk");
  const curve = points(lines, WIDTH, HEIGHT);
  const last = lines.findLast((one) => one.speaker === "customer" && one.emotion !== null)?.emotion;
  const label = contact.emotion ?? last?.label;
  if (!label) return null;
  const frustration = contact.frustration ?? last?.frustration ?? null;
  const words = curve.map((one) => t(`emotion.${one.label}`)).join(", ");
  return (
    <div className={css.strip}>
      <EmotionWord label={label} frustration={frustration} />
      <svg className={css.curve} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t("pane.curve", { words })}>
        <line x1={0} x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} stroke="var(--wl-rule)" vectorEffect="non-scaling-stroke" />
        <polyline points={curve.map((one) => `${one.x},${one.y}`).join(" ")} fill="none" stroke="var(--wl-caller)" strokeWidth={2} vectorEffect="non-scaling-stroke" />
      </svg>
      {frustration !== null && <span className={frustration >= 0.7 ? css.late : css.soft}>{t("affect.frustration", { percent: Math.round(100 * frustration) })}</span>}
      {children}
    </div>
  );
}
