/** Coming back to a call whose line was lost. */

import { ApiError } from "../api/errors";
import type { Kept } from "../lib/kept";
import type { Picture } from "../lib/transcript";

/** ms before each try. The server keeps a caller's place for half a minute; the first wait lets news of an end come first. */
export const RETURN_AFTER_MS = [300, 700, 1500, 3000, 5000, 8000, 10_000];

/** There is nothing to come back to. */
export function isOver(error: unknown): boolean {
  return error instanceof ApiError && [401, 404, 409].includes(error.status);
}

/**
 * The call is over, while somebody still writes or not. The end of its own contact tells: the page may hear of a call late,
 * and after a reload the conversation is told anew, event by event, so that what goes on at the moment tells nothing.
 */
export function callOver(picture: Pick<Picture, "phase" | "contacts">, kept: Pick<Kept, "call"> | null): boolean {
  return kept?.call ? picture.contacts[kept.call] === false : picture.phase.name === "ended";
}

/** Resolves after `ms`, or as soon as the network is back: then it may work. Nobody needs a microphone to come back. */
export function after(ms: number): Promise<void> {
  const sooner = new AbortController();
  return new Promise<void>((resolve) => {
    window.setTimeout(resolve, ms);
    window.addEventListener("online", () => resolve(), { signal: sooner.signal });
  }).finally(() => sooner.abort());
}
