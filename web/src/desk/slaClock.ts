/** The clock of a ticket: how long until it is due, and how pressing that is. */

export type SlaState = { tone: "none" | "ok" | "soon" | "late"; ms: number };
const SOON_MS = 60 * 60 * 1000;
const DONE = new Set(["solved", "closed"]);

/** `ms` is what is left, or what it is over by. Solved tickets have no clock; a held one stands still and is not late. */
export function slaOf(ticket: { due_at: string | null; breached: boolean; status: string }, now: number): SlaState {
  if (ticket.due_at === null || DONE.has(ticket.status)) return { tone: "none", ms: 0 };
  const left = Date.parse(ticket.due_at) - now;
  if (left <= 0 || ticket.breached) return { tone: "late", ms: Math.max(0, -left) };
  return { tone: left < SOON_MS && ticket.status !== "hold" ? "soon" : "ok", ms: left };
}

/** 95 min → ["1 h 35 min"]'s numbers: whole days, hours and minutes, the two that matter. */
export function span(ms: number): { days: number; hours: number; minutes: number } {
  const minutes = Math.floor(ms / 60_000);
  return { days: Math.floor(minutes / 1440), hours: Math.floor((minutes % 1440) / 60), minutes: minutes % 60 };
}
