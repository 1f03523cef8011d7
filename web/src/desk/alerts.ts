/** What is worth telling an agent beside the screen's own state: a short list, newest first, nothing twice. */

import type { StoredEvent, User } from "../api";

export type Tone = "info" | "warn" | "bad";
export type Alert = { id: string; at: string; tone: Tone; key: string; values: Record<string, string>; conversation: string | null; read: boolean };

const MOST = 30;
/** Frustration from which on a contact that is not on the screen is worth a look; 0…1. */
const UPSET = 0.7;

/** Outcomes of a transfer or a consult that nobody needs to be told of. */
const FINE = new Set(["done", "cancelled", ""]);

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The alert of a live event, or null. `mine`: conversations of my contacts; `me`: who I am. */
export function alertOf(event: StoredEvent, mine: string[], { id: me, roles }: Pick<User, "id" | "roles">): Omit<Alert, "read"> | null {
  const p = event.payload;
  const own = mine.includes(event.conversation_id);
  const alert = (tone: Tone, key: string, values: Record<string, string> = {}) => ({
    id: event.seq === null ? `${event.type}-${event.at}` : String(event.seq),
    at: event.at,
    tone,
    key,
    values,
    conversation: own ? event.conversation_id : null,
  });
  switch (event.type) {
    case "broadcast":
      return alert("info", "broadcast", { text: text(p["text"]), by: text(p["by_name"] ?? p["by"]) });
    case "supervise.help":
      if (text(p["user_id"]) === me) return alert("info", "helpAsked");
      return roles.includes("supervisor") || roles.includes("admin")
        ? { ...alert("bad", "help", { name: text(p["name"]) }), conversation: event.conversation_id }
        : null;
    case "queue.missed":
      return text(p["user_id"] ?? p["agent_id"]) === me ? alert("warn", "missed", {}) : null;
    case "transfer.ended":
    case "consult.ended":
      return own && !FINE.has(text(p["outcome"])) ? alert("bad", event.type === "consult.ended" ? "consultFailed" : "transferFailed", { why: text(p["outcome"]) }) : null;
    case "transfer.refused":
      return own ? alert("bad", "transferFailed", { why: "refused" }) : null;
    case "ticket.breached":
      return text(p["assignee"]) === me || own ? alert("bad", "ticketBreached", { ticket: text(p["ticket_id"]) }) : null;
    case "affect": {
      const frustration = p["frustration"];
      return own && typeof frustration === "number" && frustration >= UPSET
        ? { ...alert("warn", "upset", { percent: String(Math.round(100 * frustration)) }), id: `upset-${event.conversation_id}` }
        : null;
    }
    default:
      return null;
  }
}

/** The list with one more; the same thing again only moves to the top. */
export function add(alerts: Alert[], alert: Omit<Alert, "read">): Alert[] {
  const again = alerts.find((one) => one.id === alert.id);
  return [{ ...alert, read: again?.read ?? false }, ...alerts.filter((one) => one.id !== alert.id)].slice(0, MOST);
}
