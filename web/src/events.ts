/** Live events over WebSocket: reconnects with back-off, resumes after the last stored event, drops repeats. */

import type { StoredEvent } from "./api";

export type LinkState = "connecting" | "open" | "lost";

export type EventsOptions = {
  conversation?: string;
  /** Asked for before each connection. */
  token?: () => string | undefined;
  /** From now on only, nothing replayed. */
  live?: boolean;
  onEvent: (event: StoredEvent) => void;
  onState?: (state: LinkState) => void;
};

const UNAUTHORISED = 4401;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 8000;

/** Opens the stream; the returned function closes it for good. */
export function followEvents(options: EventsOptions): () => void {
  let last = 0;
  let delay = FIRST_DELAY_MS;
  let socket: WebSocket | null = null;
  let timer: number | undefined; // of the next try
  let stopped = false;

  const open = () => {
    options.onState?.("connecting");
    const url = new URL("/api/events", window.location.href);
    url.protocol = url.protocol.replace("http", "ws");
    if (options.conversation) url.searchParams.set("conversation", options.conversation);
    const token = options.token?.();
    if (token) url.searchParams.set("token", token);
    if (!options.live) url.searchParams.set("after", String(last));
    socket = new WebSocket(url);
    socket.onopen = () => {
      delay = FIRST_DELAY_MS;
      options.onState?.("open");
    };
    socket.onmessage = (message) => {
      const event = JSON.parse(String(message.data)) as StoredEvent;
      if (event.seq !== null) {
        if (event.seq <= last) return;
        last = event.seq;
      }
      options.onEvent(event);
    };
    socket.onclose = (event) => {
      if (stopped) return;
      options.onState?.("lost");
      if (event.code === UNAUTHORISED && options.token?.() === token) return; // trying again would not help
      timer = window.setTimeout(again, delay * (0.7 + 0.6 * Math.random()));
      delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    };
  };
  const again = () => {
    if (timer === undefined) return;
    window.clearTimeout(timer);
    timer = undefined;
    open();
  };
  open();
  window.addEventListener("online", again);
  document.addEventListener("visibilitychange", again); // timers of a page that nobody sees are slow

  return () => {
    stopped = true;
    window.removeEventListener("online", again);
    document.removeEventListener("visibilitychange", again);
    window.clearTimeout(timer);
    socket?.close();
  };
}
