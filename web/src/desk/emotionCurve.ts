/** The emotion strip's curve: the customer's valence over their utterances. */

import type { Line } from "../lib/transcript";

export type Point = { id: string; x: number; y: number; label: string };
const MOST = 24;

/** The newest felt lines as points in a box of `width` × `height`; pleasant is up, the middle is neutral. */
export function points(lines: Line[], width: number, height: number, pad = 5): Point[] {
  const felt = lines.filter((one) => one.speaker === "customer" && one.emotion && one.emotion.label !== "unknown").slice(-MOST);
  const step = felt.length > 1 ? (width - 2 * pad) / (felt.length - 1) : 0;
  return felt.map((one, place) => ({
    id: one.id,
    x: pad + place * step,
    y: height / 2 - (height / 2 - pad) * Math.max(-1, Math.min(1, one.emotion?.valence ?? 0)),
    label: one.emotion?.label ?? "unknown",
  }));
}
