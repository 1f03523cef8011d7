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
 * The call is over, while somebody still writes or not. Not judged while it is being taken up again: after a reload the
 * conversation is told anew, event by event, and only the server knows then whether the call still goes on. Nor before it
 * was told of (`talked`): the line may be up before the news of it, and the chat it took over from may end before that.
 */
export function callOver({ picture, kept, returning, talked }: { picture: Pick<Picture, "phase" | "live">; kept: Kept | null; returning: boolean; talked: boolean }): boolean {
  if (returning || (kept?.calling && !talked)) return false;
  if (picture.phase.name === "ended") return true;
  return kept?.calling === true && !talks(picture) && Object.keys(picture.live).length > 0;
}

/** Somebody is on the line, as far as was told. */
export function talks(picture: Pick<Picture, "live">): boolean {
  return Object.values(picture.live).some((channel) => channel !== "chat");
}

/** Resolves after `ms`. */
export function after(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}
