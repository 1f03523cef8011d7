/** Valence over the call as a curve of faces' words; each point is one utterance. */

import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Line } from "../lib/transcript";
import { clock } from "../lib/format";
import css from "./parts.module.css";

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 84;
const PAD = 22;

export function EmotionCurve({ lines, length_ms, onSeek }: { lines: Line[]; length_ms: number; onSeek: (ms: number) => void }) {
  const { t } = useTranslation("history");
  const felt = lines.filter((line) => line.emotion !== null && line.t0_ms !== null);
  if (felt.length === 0) return <Text c="dimmed">{t("conversation.noEmotion")}</Text>;
  const end = Math.max(length_ms, ...felt.map((line) => line.t1_ms ?? 0), 1);
  const points = felt.map((line) => ({
    line,
    x: LEFT + ((WIDTH - LEFT - PAD) * ((line.t0_ms ?? 0) + (line.t1_ms ?? 0))) / 2 / end,
    y: HEIGHT / 2 - (HEIGHT / 2 - PAD) * Math.max(-1, Math.min(1, line.emotion?.valence ?? 0)),
  }));
  return (
    <svg className={css["curve"]} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("conversation.emotion")}>
      <line x1={LEFT} x2={WIDTH - PAD} y1={HEIGHT / 2} y2={HEIGHT / 2} className={css["axis"]} />
      <text x={4} y={PAD + 4}>{t("conversation.pleasant")}</text>
      <text x={4} y={HEIGHT - PAD + 4}>{t("conversation.unpleasant")}</text>
      <polyline points={points.map((p) => `${p.x},${p.y}`).join(" ")} />
      {points.map(({ line, x, y }) => (
        <g key={line.id} className={css["point"]} data-emotion={line.emotion?.label} onClick={() => onSeek(line.t0_ms ?? 0)}>
          <title>{`${clock(line.t0_ms ?? 0)} ${line.text}`}</title>
          <circle cx={x} cy={y} r={4 + 4 * Math.max(0, line.emotion?.arousal ?? 0)} />
          <text x={x} y={y < HEIGHT / 2 ? y - 12 : y + 20} textAnchor="middle">
            {t(`emotion.${line.emotion?.label ?? "unknown"}`)}
          </text>
        </g>
      ))}
    </svg>
  );
}
