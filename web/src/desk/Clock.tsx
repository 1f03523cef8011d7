/** Running clocks, counted from the server's times; each redraws only itself. */

import { useEffect, useState } from "react";
import { clock } from "../lib/format";
import css from "./desk.module.css";
import { elapsed, remaining, serverNow } from "./serverClock";

/** The server's time, each second anew. */
export function useNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(serverNow()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** How long ago `at` was; `more`: ms that had passed before. */
export function Since({ at, more = 0 }: { at: string; more?: number }) {
  return <time className={css.time}>{clock(elapsed(at, useNow()) + more)}</time>;
}

/** How long it is until `at`; nothing when there is no end. */
export function Until({ at }: { at: string | null }) {
  const left = remaining(at, useNow());
  return left === null ? null : <time className={css.time}>{clock(left + 999)}</time>;
}
