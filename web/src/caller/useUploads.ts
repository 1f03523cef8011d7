/** Pictures that a caller chose: previews, sending one after the other, failures that can be tried again. */

import { useCallback, useEffect, useReducer, useRef } from "react";
import { attach, give, obstacle, prepared, uploads, whyNot, type Upload } from "../lib/images";
import type { Kept } from "../lib/kept";
import type { Line, Wanted } from "../lib/transcript";

const MOST_AT_ONCE = 6;
let made = 0;

export type Uploads = {
  list: Upload[];
  add: (files: File[]) => void;
  drop: (id: string) => void;
  /** Send what was chosen and what failed. */
  sendAll: () => Promise<void>;
  sendOne: (id: string) => Promise<void>;
};

/** `wanted`: the assistant asked for a picture, and the next one is for it. */
export function useUploads(kept: Kept | null, wanted: Wanted | null, lines: Line[]): Uploads {
  const [list, tell] = useReducer(uploads, []);
  const latest = useRef({ list, kept, wanted });
  latest.current = { list, kept, wanted };

  // What the conversation shows by itself needs no preview any more.
  useEffect(() => {
    const seen = new Set(lines.map((line) => line.attachment?.attachment_id).filter(Boolean));
    const done = list.filter((one) => one.state === "sent" && (one.attachment === "" || seen.has(one.attachment)));
    if (done.length === 0) return;
    done.forEach((one) => URL.revokeObjectURL(one.url));
    tell({ do: "drop", ids: done.map((one) => one.id) });
  }, [lines, list]);
  useEffect(() => () => latest.current.list.forEach((one) => URL.revokeObjectURL(one.url)), []);

  const sendOne = useCallback(async (id: string) => {
    const { kept: to, wanted: asked } = latest.current;
    const upload = latest.current.list.find((one) => one.id === id);
    if (!to || !upload) return;
    const change = (what: Partial<Upload>) => tell({ do: "change", id, change: what });
    change({ state: "sending", done: 0, why: "" });
    try {
      const picture = await prepared(upload.file);
      const onProgress = (share: number) => change({ done: share });
      if (asked?.want === "photo") {
        await give(to.conversation, asked.request, picture, to.token, onProgress);
        change({ state: "sent", done: 1 });
      } else {
        const answer = await attach(to.conversation, picture, upload.file.name, to.token, onProgress);
        change({ state: "sent", done: 1, attachment: answer.attachment_id });
      }
    } catch (error) {
      change({ state: "failed", done: 0, why: whyNot(error) });
    }
  }, []);

  return {
    list,
    add: (files) => {
      const room = Math.max(0, MOST_AT_ONCE - latest.current.list.filter((one) => one.state !== "sent").length);
      const added = files.slice(0, room).map((file): Upload => {
        const why = obstacle(file);
        return { id: `u${++made}`, file, url: URL.createObjectURL(file), state: why ? "failed" : "chosen", done: 0, why, attachment: "" };
      });
      tell({ do: "add", uploads: added });
    },
    drop: (id) => {
      const gone = latest.current.list.find((one) => one.id === id);
      if (gone) URL.revokeObjectURL(gone.url);
      tell({ do: "drop", ids: [id] });
    },
    sendAll: async () => {
      for (const one of latest.current.list) if (one.state === "chosen" || one.state === "failed") await sendOne(one.id);
    },
    sendOne,
  };
}
