/** What a failure means to a caller: the sentence's key, and which ways lead on. */

import { ApiError } from "../api/errors";
import { CallError } from "../lib/callError";

export type ProblemText = { key: string; values: Record<string, unknown>; write: boolean; retry: boolean };

export function problemOf(error: unknown): ProblemText {
  const say = (key: string, write = true, retry = true, values: Record<string, unknown> = {}): ProblemText => ({ key, values, write, retry });
  if (error instanceof CallError) {
    // Without a microphone one can still write; asking for it again is of use once it is allowed.
    return error.failure === "camera-refused" ? say("error.camera-refused", false, false) : say(`error.${error.failure}`);
  }
  if (error instanceof ApiError) {
    if (error.status === 0) return say("error.network", false);
    if (error.status === 503 || error.status === 429) {
      return error.retryAfter ? say("error.busyIn", false, true, { seconds: error.retryAfter }) : say("error.busy", false);
    }
    return say("error.generic", true, true, { detail: error.message });
  }
  return say("error.failed");
}
