/** Which page carries the sound of a call: this tab, another one, or none. */

import type { Contact } from "./types";
import { myParty } from "./actions";

const MARK = "warmline.calls";
const lockOf = (contact: string) => `warmline.call.${contact}`;

/**
 * What to do about a call that is not in this page. "rejoin": nobody carries it, so this page does at once; "offer": nobody
 * does, but somebody must click first (no permission for the microphone yet); "elsewhere": another tab or machine has it.
 */
export type Verdict = "rejoin" | "offer" | "elsewhere";

export function verdict(contact: Contact, now: { wasMine: boolean; otherTab: boolean; permitted: boolean; tries: number }): Verdict {
  const away = contact.state === "away" || myParty(contact)?.state === "away";
  if (now.otherTab || (!away && !now.wasMine)) return "elsewhere";
  return now.permitted && now.tries < 3 ? "rejoin" : "offer";
}

/** Calls that this tab carried before it was reloaded. */
export function carriedBefore(): string[] {
  try {
    const found: unknown = JSON.parse(window.sessionStorage.getItem(MARK) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

export function remember(contacts: string[]): void {
  window.sessionStorage.setItem(MARK, JSON.stringify(contacts));
}

/** Holds the call's lock until the returned function is called; the browser lets go of it when the tab dies. */
export function holdLock(contact: string): () => void {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  void navigator.locks?.request(lockOf(contact), () => released).catch(() => undefined);
  return release;
}

/** Does another tab of this browser carry the call? */
export async function isElsewhere(contact: string): Promise<boolean> {
  const { held } = (await navigator.locks?.query()) ?? {};
  return (held ?? []).some((one) => one.name === lockOf(contact));
}
