/** Coming back to a call whose line was lost. */

import { ApiError } from "../api/errors";

/** ms before each try. The server keeps a caller's place for half a minute; the first wait lets news of an end come first. */
export const RETURN_AFTER_MS = [300, 700, 1500, 3000, 5000, 8000, 10_000];

/** There is nothing to come back to. */
export function isOver(error: unknown): boolean {
  return error instanceof ApiError && [401, 404, 409].includes(error.status);
}

/** Resolves after `ms`. */
export function after(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}
