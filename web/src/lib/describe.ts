/** An event of the history in one sentence, and the small facts beside it. */

import type { Note } from "./transcript";

type Translate = (key: string, values?: Record<string, unknown>) => string;

const plain = (value: unknown): string => {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map(plain).filter(Boolean).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, one]) => `${key}: ${plain(one)}`)
      .join(", ");
  }
  return String(value);
};

/** The sentence. */
export function title(note: Note, t: Translate): string {
  const result = note.payload["result"];
  return t(`history:event.${note.type}`, {
    ...note.payload,
    ...(typeof result === "string" ? { result: t(`history:result.${result}`) } : {}),
    defaultValue: note.type,
  });
}

/** What else is worth reading, or "". */
export function detail(note: Note): string {
  const p = note.payload;
  switch (note.type) {
    case "decision":
      return [[p["block"], p["exit"]].map(plain).filter(Boolean).join(" → "), plain(p["why"])].filter(Boolean).join(" · ");
    case "queue.entered":
    case "contact.ended":
    case "leg.ended":
      return plain(p["reason"]);
    case "consent":
      return `${plain(p["purposes"])}: ${p["given"] === true ? "✓" : "✗"}`;
    case "consent.withdrawn":
      return plain(p["purposes"]);
    case "leg.up":
      return [plain(p["role"]), plain(p["codec"]), p["srtp"] === true ? "SRTP" : ""].filter(Boolean).join(" · ");
    case "queue.offered":
    case "queue.left":
    case "asr.degraded":
      return plain(p["why"] ?? p["reason"]);
    default:
      return "";
  }
}

/** Events that only engineers ask for are left out of the agent's short list. */
export const NOISE = new Set(["bridge", "leg.up", "leg.ended", "dtmf", "decision", "asr.degraded", "conversation.started", "agent.state"]);
