/** Made-up contacts, offers and events for tests of the desk. */

import type { StoredEvent } from "../../src/api";
import type { AgentView, Contact, Offer, Party } from "../../src/desk/types";
import type { Line } from "../../src/lib/transcript";

export function party(more: Partial<Party>): Party {
  return { party_id: "p", role: "agent", name: "", state: "connected", mode: "active", transport: "webrtc", me: false, ...more };
}

export function contact(more: Partial<Contact>): Contact {
  return {
    contact_id: "contact",
    conversation_id: "conversation",
    channel: "voice",
    queue: "support",
    customer_id: null,
    customer_name: "Li",
    state: "connected",
    since: "2026-01-01T00:00:00Z",
    acw_until: null,
    emotion: null,
    frustration: null,
    muted: false,
    recording: "off",
    parties: [],
    asker: null,
    asked: null,
    parked: null,
    ...more,
  };
}

export function offer(more: Partial<Offer>): Offer {
  return {
    offer_id: "offer",
    contact_id: "contact",
    conversation_id: "conversation",
    channel: "voice",
    queue: "support",
    reason: "",
    summary: "",
    facts: {},
    customer_name: "Li",
    waited_ms: 0,
    until: "2026-01-01T00:01:00Z",
    why: "",
    ...more,
  };
}

export function view(more: Partial<AgentView>): AgentView {
  return {
    availability: "available",
    reason: "",
    next_availability: null,
    status: "idle",
    since: "2026-01-01T00:00:00Z",
    until: null,
    missed: 0,
    device: "browser",
    uri: "",
    registered: null,
    capacity: { voice: 1, chat: 2 },
    contacts: [],
    offers: [],
    queues: [],
    ...more,
  };
}

export function event(type: string, payload: Record<string, unknown>, seq: number | null = 1): StoredEvent {
  return {
    seq,
    conversation_id: "conversation",
    contact_id: "contact",
    participant_id: null,
    leg_id: null,
    type,
    at: "2026-01-01T00:00:00Z",
    payload,
  };
}

export function line(id: string, text: string, partial = false): Line {
  return {
    id,
    speaker: "customer",
    text,
    at: "2026-01-01T00:00:00Z",
    partial,
    typed: false,
    cut: false,
    language: "en",
    confidence: null,
    t0_ms: null,
    t1_ms: null,
    emotion: null,
    article: "",
  };
}
