/** The server's clock as seen from here, so that timers count from the server's times and survive a wrong clock. */

/** Bounds of (server − here) in ms; every answer's Date header (whole seconds) narrows them. */
export type Offset = { low: number; high: number };

export const UNKNOWN: Offset = { low: -Infinity, high: Infinity };
const GRAIN_MS = 1000;

/**
 * One more answer: `date` is the server's second, `sent` and `received` are ours (epoch ms). Somewhere between them the
 * server wrote a time in [date, date + 1 s). Bounds that contradict mean that a clock was set: the new ones count.
 */
export function narrow(offset: Offset, date: number, sent: number, received: number): Offset {
  if (!Number.isFinite(date)) return offset;
  const low = date - received;
  const high = date + GRAIN_MS - sent;
  const next = { low: Math.max(low, offset.low), high: Math.min(high, offset.high) };
  return next.low <= next.high ? next : { low, high };
}

/** Milliseconds to add to our clock; 0 while the clocks may agree. */
export function estimate({ low, high }: Offset): number {
  if (low <= 0 && high >= 0) return 0;
  return Math.round((low + high) / 2);
}

/** Milliseconds since `iso` at `now` (the server's epoch ms); never negative. */
export function elapsed(iso: string, now: number): number {
  return Math.max(0, now - Date.parse(iso));
}

/** Milliseconds until `iso`; never negative, null when there is no end. */
export function remaining(iso: string | null, now: number): number | null {
  return iso === null ? null : Math.max(0, Date.parse(iso) - now);
}

let current = UNKNOWN;

/** Takes note of an answer of the server. */
export function observe(date: string | null, sent: number, received: number): void {
  if (date) current = narrow(current, Date.parse(date), sent, received);
}

/** The server's time, epoch ms. */
export function serverNow(): number {
  return Date.now() + estimate(current);
}
