import { useEffect, useState } from "react";

/** Milliseconds since `start` (epoch ms), refreshed each second; 0 while `start` is null. */
export function useTimer(start: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (start === null) return undefined;
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [start]);
  return start === null ? 0 : Math.max(0, now - start);
}
