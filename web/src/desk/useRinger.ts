/** Rings while the server says that something is offered to me. */

import { useEffect, useRef, useState } from "react";
import { makeBell } from "./bell";
import { leaseOf, Ringer } from "./ringer";
import { serverNow } from "./serverClock";
import type { AgentView } from "./types";

/** `handled`: offers that I am answering or declining right now. Returns whether the browser keeps the ring silent. */
export function useRinger(view: AgentView, handled: ReadonlySet<string>, device: string, title: string): boolean {
  const [blocked, setBlocked] = useState(false);
  const wanted = useRef({ device, title });
  wanted.current = { device, title };
  const ringer = useRef<{ ringer: Ringer; blocked: () => boolean } | null>(null);

  useEffect(() => {
    const bell = makeBell(
      () => wanted.current.device,
      () => wanted.current.title,
    );
    ringer.current = { ringer: new Ringer(bell, serverNow), blocked: bell.blocked };
    const stop = () => ringer.current?.ringer.stop();
    window.addEventListener("pagehide", stop);
    return () => {
      window.removeEventListener("pagehide", stop);
      stop();
      ringer.current = null;
    };
  }, []);
  useEffect(() => {
    ringer.current?.ringer.set(leaseOf(view, handled, serverNow()));
    setBlocked(ringer.current?.blocked() ?? false);
  }, [view, handled]);
  return blocked;
}
