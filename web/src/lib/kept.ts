/** The conversation of this tab, kept over a reload and forgotten with the tab. */

export type Kept = {
  conversation: string;
  token: string;
  /** The contact of the call that goes on; it is taken up again after a reload. Null: no call, who writes just reads on. */
  call: string | null;
  /** It began in writing, and goes on without a call. */
  writing: boolean;
  camera: boolean;
  /** Epoch ms when the call came up first, for its clock. */
  since: number | null;
};

const KEY = "warmline.conversation";

/** What was kept, or null. Whatever else may lie there is thrown away. */
export function recall(): Kept | null {
  try {
    const kept = JSON.parse(window.sessionStorage.getItem(KEY) ?? "null") as Partial<Kept> | null;
    if (!kept || typeof kept.conversation !== "string" || typeof kept.token !== "string") return null;
    return {
      conversation: kept.conversation,
      token: kept.token,
      call: typeof kept.call === "string" ? kept.call : null,
      writing: kept.writing === true,
      camera: kept.camera === true,
      since: typeof kept.since === "number" ? kept.since : null,
    };
  } catch {
    return null;
  }
}

/** Keep it; null forgets. */
export function keep(kept: Kept | null): void {
  if (kept) window.sessionStorage.setItem(KEY, JSON.stringify(kept));
  else window.sessionStorage.removeItem(KEY);
}
