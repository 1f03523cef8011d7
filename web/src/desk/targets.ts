/** Whom a contact may go to: the directory's entries, and what was typed when it is a number or an address. */

import type { DirectoryEntry } from "./deskApi";

export type Target = { kind: "agent" | "queue" | "flow" | "number" | "sip"; to: string; name: string; state: DirectoryEntry["state"]; detail: string };

const NUMBER = /^\+?[\d\s()./-]{3,20}$/;
const ADDRESS = /^sips?:[^\s@]+@[^\s@]+$/i;

/** What was typed, as a target of its own; null when it is neither a number nor a SIP address. */
export function typed(query: string): Target | null {
  const text = query.trim();
  if (ADDRESS.test(text)) return { kind: "sip", to: text, name: text, state: null, detail: "" };
  if (!NUMBER.test(text)) return null;
  const digits = text.replace(/[^\d+]/g, "");
  return digits.replace("+", "").length < 3 ? null : { kind: "number", to: digits, name: digits, state: null, detail: "" };
}

const ORDER = { free: 0, busy: 1, away: 2, offline: 3 };

/** The choices: what was typed first, then people who are free; the directory's own number is not listed twice. */
export function choices(entries: DirectoryEntry[], query: string): Target[] {
  const own = typed(query);
  const listed = [...entries].sort((a, b) => (a.state ? ORDER[a.state] : 0) - (b.state ? ORDER[b.state] : 0));
  return [...(own && !listed.some((one) => one.to === own.to) ? [own] : []), ...listed];
}

/** A flow cannot be asked, and a queue is asked through whoever is next. */
export function mayConsult(target: Target): boolean {
  return target.kind !== "flow";
}
