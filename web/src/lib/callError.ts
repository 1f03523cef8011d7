export type CallFailure = "microphone-refused" | "microphone-missing" | "camera-refused" | "insecure" | "failed";

/** Why a call could not be made, as a word the pages have a sentence for. */
export class CallError extends Error {
  constructor(readonly failure: CallFailure) {
    super(failure);
  }
}
