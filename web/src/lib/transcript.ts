/** Events → what a page shows. Pure, so that a reload and a live stream give the same picture. */

import type { Emotion, Stage, StoredEvent } from "../api";
import type { Attachment } from "./images";

export type Speaker = "customer" | "agent" | "bot";

export type Line = {
  id: string;
  speaker: Speaker;
  text: string;
  at: string;
  partial: boolean;
  typed: boolean;
  cut: boolean;
  language: string;
  confidence: number | null;
  t0_ms: number | null;
  t1_ms: number | null;
  emotion: Emotion | null;
  article: string;
  /** A picture sent along; `text` may be empty then. */
  attachment?: Attachment | null;
};

export type Note = { id: string; at: string; type: string; payload: Record<string, unknown> };
export type Turn = { at: string; stages: Stage[]; total_ms: number };

export type Phase =
  | { name: "starting" }
  | { name: "assistant" }
  | { name: "queued"; position: number | null; eta_s: number | null }
  | { name: "agent"; agent: string; held: boolean }
  | { name: "ended"; reason: string };

/** A picture the flow waits for. */
export type Wanted = { request: string; want: string };

export type Picture = {
  lines: Line[];
  notes: Note[];
  turns: Turn[];
  phase: Phase;
  queue: { queue: string; reason: string; summary: string; facts: Record<string, string> } | null;
  verified: "no" | "passed" | "failed";
  consents: Record<string, boolean>;
  /** Whether each contact goes on: somebody may write beside a call. */
  contacts: Record<string, boolean>;
  wanted: Wanted | null;
  /** The customer's line that broke last, without a hang-up; "" before. */
  away: string;
  /** When the legs came up (epoch ms): leg times become times of the caller's recording by it. */
  up: { customer: number | null; agent: number | null };
};

export const EMPTY: Picture = {
  lines: [],
  notes: [],
  turns: [],
  phase: { name: "starting" },
  queue: null,
  verified: "no",
  consents: {},
  contacts: {},
  wanted: null,
  away: "",
  up: { customer: null, agent: null },
};

/** What stands for words that are nobody's business; neither is the voice that said them. */
const HIDDEN = "[hidden]";

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
const attachment = (value: unknown): Attachment | null => {
  const found = value && typeof value === "object" ? (value as Partial<Attachment>) : {};
  return typeof found.attachment_id === "string" ? (found as Attachment) : null;
};
const record = (value: unknown): Record<string, string> =>
  value && typeof value === "object" ? (value as Record<string, string>) : {};

function speaker(role: string): Speaker {
  return role === "agent" || role === "bot" ? role : "customer";
}

function put(lines: Line[], line: Line): Line[] {
  const index = lines.findIndex((old) => old.id === line.id);
  if (index < 0) return [...lines, line];
  const old = lines[index]!;
  if (!old.partial && line.partial) return lines; // a late partial never replaces the final words
  const next = lines.slice();
  next[index] = { ...line, emotion: line.text === HIDDEN ? null : (line.emotion ?? old.emotion) };
  return next;
}

function line(event: StoredEvent, more: Partial<Line> & { id: string }): Line {
  return {
    speaker: speaker(text(event.payload["role"])),
    text: text(event.payload["text"]),
    at: event.at,
    partial: false,
    typed: false,
    cut: false,
    language: text(event.payload["language"]),
    confidence: null,
    t0_ms: null,
    t1_ms: null,
    emotion: null,
    article: "",
    attachment: null,
    ...more,
  };
}

/** Time of the caller's recording for `ms` on the leg of `who`; null before both legs are known. */
function recorded(picture: Picture, who: Speaker, ms: unknown): number | null {
  const value = number(ms);
  if (value === null || who === "customer") return value;
  const { customer, agent } = picture.up;
  return customer === null || agent === null ? null : value + agent - customer;
}

/** A reason that is the caller's emotion: a condition that names it, or the handler's words. */
const tellsMood = (why: unknown): boolean =>
  text(why).includes("emotion") || ["the caller's tone of voice", "客户的语气"].includes(text(why));

/** A decision by the caller's emotion. */
const felt = (payload: Record<string, unknown>): boolean =>
  text(payload["exit"]) === "on_emotion" || tellsMood(payload["why"]);

const withoutMood = (facts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(facts).filter(([key]) => key !== "mood"));

/** Why somebody was handed over, without the mood. */
const unmoved = (payload: Record<string, unknown>): Record<string, unknown> => ({
  ...payload,
  ...(payload["facts"] ? { facts: withoutMood(record(payload["facts"])) } : {}),
  ...(tellsMood(payload["reason"]) ? { reason: "" } : {}),
});

/** The picture after one more event. */
export function apply(picture: Picture, event: StoredEvent): Picture {
  const p = event.payload;
  const note: Note = { id: String(event.seq), at: event.at, type: event.type, payload: p };
  const noted = (): Picture => ({ ...picture, notes: [...picture.notes, note] });
  switch (event.type) {
    case "utterance.partial":
      return { ...picture, lines: put(picture.lines, line(event, { id: text(p["utterance_id"]), partial: true })) };
    case "utterance.final": {
      const id = text(p["utterance_id"]) || text(p["id"]) || String(event.seq);
      const final = line(event, {
        id,
        confidence: number(p["confidence"]),
        t0_ms: recorded(picture, speaker(text(p["role"])), p["t0_ms"]),
        t1_ms: recorded(picture, speaker(text(p["role"])), p["t1_ms"]),
      });
      return { ...picture, lines: put(picture.lines, final) };
    }
    case "affect": {
      const emotion = p as unknown as Emotion;
      const id = text(p["utterance_id"]);
      if (p["early"] === true && !picture.lines.some((one) => one.id === id)) {
        return { ...picture, lines: [...picture.lines, line(event, { id, text: "…", partial: true, emotion })] };
      }
      return { ...picture, lines: picture.lines.map((one) => (one.id === id ? { ...one, emotion } : one)) };
    }
    case "speech.dropped":
      return { ...picture, lines: picture.lines.filter((one) => !(one.partial && one.speaker === speaker(text(p["role"])))) };
    case "bot.said": {
      if (!text(p["text"])) return picture;
      const cut = text(p["outcome"]) === "barge_in";
      const began = Date.parse(event.at) - (number(p["played_ms"]) ?? 0);
      const t0_ms = picture.up.customer === null ? null : Math.max(0, began - picture.up.customer);
      const said = line(event, { id: `bot-${event.seq}`, speaker: "bot", cut, t0_ms, article: text(p["article"]) });
      return { ...picture, lines: put(picture.lines, said) };
    }
    case "message": {
      const typed = line(event, {
        id: `text-${event.seq}`,
        typed: true,
        article: text(p["article"]),
        attachment: attachment(p["attachment"]),
      });
      return { ...picture, lines: put(picture.lines, typed) };
    }
    case "leg.up": {
      if (text(p["role"]) === "external") return noted();
      const who = text(p["role"]) === "agent" ? "agent" : "customer";
      const next = { ...noted(), up: { ...picture.up, [who]: Date.parse(event.at) } };
      return who === "customer" && picture.phase.name === "starting" ? { ...next, phase: { name: "assistant" } } : next;
    }
    case "queue.entered":
      return {
        ...noted(),
        phase: { name: "queued", position: null, eta_s: null },
        queue: {
          queue: text(p["queue"]),
          reason: text(p["reason"]),
          summary: text(p["summary"]),
          facts: record(p["facts"]),
        },
      };
    case "queue.position":
      return { ...picture, phase: { name: "queued", position: number(p["position"]), eta_s: number(p["eta_s"]) } };
    case "queue.left":
      return { ...noted(), phase: picture.phase.name === "queued" ? { name: "assistant" } : picture.phase };
    case "queue.accepted":
      return { ...noted(), phase: { name: "agent", agent: text(p["agent"]), held: false } };
    case "agent.left":
      return { ...noted(), phase: { name: "assistant" } };
    case "hold":
      return picture.phase.name === "agent"
        ? { ...noted(), phase: { ...picture.phase, held: p["on"] === true } }
        : noted();
    case "verify":
      return { ...noted(), verified: text(p["result"]) === "passed" ? "passed" : "failed" };
    case "consent": {
      const purposes = Array.isArray(p["purposes"]) ? (p["purposes"] as string[]) : [];
      const given = p["given"] === true;
      return {
        ...noted(),
        consents: {
          ...picture.consents,
          ...Object.fromEntries(purposes.map((purpose) => [purpose, given && !(purpose in record(p["void"]))])),
        },
      };
    }
    case "consent.withdrawn": {
      const purposes = Array.isArray(p["purposes"]) ? (p["purposes"] as string[]) : [];
      const consents = { ...picture.consents, ...Object.fromEntries(purposes.map((purpose) => [purpose, false])) };
      if (!purposes.includes("emotion")) return { ...noted(), consents };
      const lines = picture.lines.map((one) => ({ ...one, emotion: null }));
      const queue = picture.queue && ({ ...picture.queue, ...unmoved(picture.queue) } as Picture["queue"]);
      const notes = picture.notes
        .filter((one) => one.type !== "decision" || !felt(one.payload))
        .map((one) => (one.type.startsWith("queue.") ? { ...one, payload: unmoved(one.payload) } : one));
      return { ...picture, notes: [...notes, note], lines, queue, consents };
    }
    case "turn.ledger": {
      const stages = Array.isArray(p["stages"]) ? (p["stages"] as Stage[]) : [];
      return { ...picture, turns: [...picture.turns, { at: event.at, stages, total_ms: number(p["total_ms"]) ?? 0 }] };
    }
    case "contact.started": {
      const contacts = { ...picture.contacts, ...(event.contact_id ? { [event.contact_id]: true } : {}) };
      // Whoever calls again, or calls beside a chat, begins anew.
      return { ...noted(), contacts, phase: picture.phase.name === "ended" ? { name: "starting" } : picture.phase };
    }
    case "customer.away":
      return { ...noted(), away: text(p["leg_id"]) };
    case "visual.asked":
      return { ...noted(), wanted: { request: text(p["request_id"]), want: text(p["want"]) } };
    case "visual.cancelled":
    case "visual.received":
      return { ...noted(), wanted: null };
    case "contact.ended": {
      const contacts = { ...picture.contacts, ...(event.contact_id ? { [event.contact_id]: false } : {}) };
      if (Object.values(contacts).some(Boolean)) return { ...noted(), contacts };
      return { ...noted(), contacts, wanted: null, phase: { name: "ended", reason: text(p["reason"]) } };
    }
    case "conversation.ended": {
      const contacts = Object.fromEntries(Object.keys(picture.contacts).map((id) => [id, false]));
      return { ...noted(), contacts, wanted: null, phase: { name: "ended", reason: text(p["reason"]) } };
    }
    default:
      return noted();
  }
}

/** The picture of a whole history. */
export function pictureOf(events: StoredEvent[], before: Picture = EMPTY): Picture {
  return events.reduce(apply, before);
}
