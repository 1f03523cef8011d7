/** A conversation followed live: history events first, then the stream. */

import { useEffect, useReducer, useRef, useState } from "react";
import { followEvents, type LinkState } from "../events";
import { apply, EMPTY, type Picture } from "./transcript";
import type { StoredEvent } from "../api";

type Action = { reset: true } | { event: StoredEvent };

function reduce(picture: Picture, action: Action): Picture {
  return "reset" in action ? EMPTY : apply(picture, action.event);
}

/**
 * `id` null: nothing is followed. The server replays what happened before (`after=0`), so a reload loses nothing. A newer
 * `token` for the same conversation serves the next connection; what was told stays.
 */
export function useConversation(id: string | null, token?: string): { picture: Picture; link: LinkState } {
  const [picture, dispatch] = useReducer(reduce, EMPTY);
  const [link, setLink] = useState<LinkState>("connecting");
  const latest = useRef(token);
  latest.current = token;
  useEffect(() => {
    dispatch({ reset: true });
    if (!id) return undefined;
    return followEvents({
      conversation: id,
      token: () => latest.current,
      onEvent: (event) => dispatch({ event }),
      onState: setLink,
    });
  }, [id]);
  return { picture, link };
}
