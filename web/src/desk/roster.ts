/** The order of the roster: places do not jump about, because Alt+1…9 picks by place. */

import type { AgentView, Contact } from "./types";

/** Calls first, then chats, then after-call work; within each the oldest first. */
export function ordered(contacts: Contact[]): Contact[] {
  const rank = (one: Contact) => (one.state === "acw" ? 2 : one.channel === "chat" ? 1 : 0);
  return [...contacts].sort(
    (a, b) => rank(a) - rank(b) || Date.parse(a.since) - Date.parse(b.since) || a.contact_id.localeCompare(b.contact_id),
  );
}

/**
 * Which contact the page shows: the chosen one while it exists, else the newest live call, else whatever is there.
 * `chosen` is a contact's id or "".
 */
export function shownContact(view: AgentView, chosen: string): Contact | null {
  const all = ordered(view.contacts);
  return (
    all.find((one) => one.contact_id === chosen) ??
    all.find((one) => one.channel !== "chat" && one.state !== "acw") ??
    all[0] ??
    null
  );
}

/** A live call beside the shown chat, or a live chat beside the shown call: both are on the screen at once. */
export function besideContact(view: AgentView, shown: Contact | null): Contact | null {
  if (!shown || shown.state === "acw") return null;
  const live = ordered(view.contacts).filter((one) => one.state !== "acw" && one.contact_id !== shown.contact_id);
  return live.find((one) => (one.channel === "chat") !== (shown.channel === "chat")) ?? null;
}

/** Messages not yet read, per contact: `count` more for one; those on the screen are read at once. */
export function unread(before: Record<string, number>, contact: string, onScreen: string[]): Record<string, number> {
  if (onScreen.includes(contact)) return before[contact] ? { ...before, [contact]: 0 } : before;
  return { ...before, [contact]: (before[contact] ?? 0) + 1 };
}

/** How the wait of a queue stands against its promise, 0…1 of the promised seconds; 1 and more is late. */
export function waitShare(longest_wait_ms: number, sl_target_s: number): number {
  return sl_target_s > 0 ? longest_wait_ms / 1000 / sl_target_s : 0;
}
