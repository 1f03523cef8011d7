/** Which page carries the sound of a call: this tab, another one, or none. */

import type { Contact } from "./types";
import { myParty } from "./actions";

const MARK = "warmline.calls";
const lockOf = (contact: string) => `warmline.call.${contact}`;

/**
 * What to do about a call that is not in this page. "rejoin": nobody carries it, so this page does at once; "offer": nobody
 * does, but somebody must click first: it is another page's, which may only be loading again, or the microphone is not allowed
 * yet; "elsewhere": another tab or machine has it.
 */
export type Verdict = "rejoin" | "offer" | "elsewhere";
/** `wasMine`: this tab carried it until it was reloaded; `others`: another page was seen to carry it, after this one if ever. */
export type Known = { wasMine: boolean; others: boolean; otherTab: boolean; permitted: boolean; tries: number };

export function verdict(contact: Contact, now: Known): Verdict {
  if (now.otherTab || (!isAway(contact) && !now.wasMine)) return "elsewhere";
  return now.permitted && !now.others && now.tries < 3 ? "rejoin" : "offer";
}

/** Nobody is on my line, as the server sees it. */
export function isAway(contact: Contact): boolean {
  return contact.state === "away" || myParty(contact)?.state === "away";
}

/** ms that a line must be up before the server's word that nobody is on it is news: the word may be older than the line. */
export const SETTLED_MS = 5000;

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

let leaving: Promise<unknown> = Promise.resolve(); // until the browser has let go of every lock that we gave up

/** Holds the call's lock until the returned function is called; the browser lets go of it when the tab dies. */
export function holdLock(contact: string): () => void {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const waiting = new AbortController();
  const over = navigator.locks?.request(lockOf(contact), { signal: waiting.signal }, () => released).catch(() => undefined);
  return () => {
    release();
    waiting.abort();
    leaving = Promise.all([leaving, over]);
  };
}

/** Does another tab of this browser carry the call? */
export async function isElsewhere(contact: string): Promise<boolean> {
  await leaving; // our own is not another tab's
  const { held } = (await navigator.locks?.query()) ?? {};
  return (held ?? []).some((one) => one.name === lockOf(contact));
}
