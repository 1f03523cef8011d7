/** What a screen reader is told of the transcript: finished lines only, in batches, never a line twice. */

import type { Line } from "../lib/transcript";

export type Spoken = { told: string[]; text: string };

export const NOTHING: Spoken = { told: [], text: "" };
const MOST = 3;

/** The next batch: new finished lines, at most the last three (who falls behind hears the newest). */
export function batch(before: Spoken, lines: Line[], who: (line: Line) => string): Spoken {
  const fresh = lines.filter((line) => !line.partial && !before.told.includes(line.id));
  if (fresh.length === 0) return before;
  const text = fresh
    .slice(-MOST)
    .map((line) => `${who(line)}: ${line.text}`)
    .join(" ");
  return { told: lines.filter((line) => !line.partial).map((line) => line.id), text };
}
