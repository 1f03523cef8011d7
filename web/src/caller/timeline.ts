/** One conversation in the order it happened: what was said and written, pictures, and what became of the call. */

import type { Line, Note, Picture } from "../lib/transcript";

export type Item = { kind: "line"; line: Line } | { kind: "note"; id: string; at: string; text: string; values: Record<string, string> };

/** The key under "note" for what the caller is told of an event, or "". */
function told(note: Note): string {
  const p = note.payload;
  switch (note.type) {
    case "contact.started":
      return p["channel"] === "chat" ? "" : "callStarted";
    case "contact.ended":
      return "ended";
    case "queue.entered":
      return "queued";
    case "queue.accepted":
      return "joined";
    case "agent.left":
      return "left";
    case "hold":
      return p["on"] === true ? "held" : "resumed";
    case "consent":
      return p["given"] === true ? "agreed" : "refused";
    case "consent.withdrawn":
      return "withdrawn";
    case "verify":
      return p["result"] === "passed" ? "verified" : "";
    default:
      return "";
  }
}

/** Lines and notes merged by time; neither changes its own order. */
export function timeline(picture: Picture): Item[] {
  const notes: Item[] = picture.notes.flatMap((note): Item[] => {
    const text = told(note);
    const agent = note.payload["agent"];
    return text ? [{ kind: "note", id: note.id, at: note.at, text, values: typeof agent === "string" ? { agent } : {} }] : [];
  });
  const items: Item[] = [];
  let next = 0;
  for (const line of picture.lines) {
    while (next < notes.length && (notes[next] as Item & { kind: "note" }).at <= line.at) items.push(notes[next++]!);
    items.push({ kind: "line", line });
  }
  return [...items, ...notes.slice(next)];
}
