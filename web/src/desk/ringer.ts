/**
 * The ring as a lease: it sounds only while the lease runs, and a lease is renewed only by a fresh answer of the server
 * that still shows an offer. Whatever breaks (a lost connection, an exception, a page asleep), the lease runs out.
 */

import type { AgentView } from "./types";

export type Lease = { offers: string[]; until: number };

export const SILENT: Lease = { offers: [], until: 0 };
/** ms a ring outlives the last word of the server. */
export const GRACE_MS = 6000;

/**
 * The lease after an answer of the server at `now` (server's epoch ms). Offers being answered or declined here (`handled`),
 * phones that ring by themselves and offers past their end do not ring.
 */
export function leaseOf(view: AgentView, handled: ReadonlySet<string>, now: number): Lease {
  const ringing = view.offers.filter((one) => {
    if (handled.has(one.offer_id) || Date.parse(one.until) <= now) return false;
    return view.device === "browser" || one.channel === "chat";
  });
  if (ringing.length === 0) return SILENT;
  const ends = ringing.map((one) => Date.parse(one.until));
  return { offers: ringing.map((one) => one.offer_id), until: Math.min(Math.max(...ends), now + GRACE_MS) };
}

/** May it sound at `now`? */
export function sounds(lease: Lease, now: number): boolean {
  return lease.offers.length > 0 && now < lease.until;
}

export type Bell = { strike: () => void; silence: () => void };

/** Strikes `bell` every `every` ms while the lease lasts; the only place that starts or stops the ring. */
export class Ringer {
  #lease = SILENT;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly bell: Bell,
    private readonly now: () => number,
    private readonly every = 2500,
  ) {}

  /** The newest lease; a lease without offers is silence at once. */
  set(lease: Lease): void {
    this.#lease = lease;
    if (!sounds(lease, this.now())) this.stop();
    else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#beat(), this.every);
      this.#beat();
    }
  }

  get ringing(): boolean {
    return this.#timer !== undefined;
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#lease = SILENT;
    this.bell.silence();
  }

  #beat(): void {
    if (!sounds(this.#lease, this.now())) return this.stop();
    try {
      this.bell.strike();
    } catch {
      this.stop();
    }
  }
}
