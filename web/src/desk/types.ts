/** Shapes of the desk's API as the pages read them. Times are UTC ISO 8601 unless `_ms`. */

export const AVAILABILITIES = ["available", "busy", "break", "meal", "meeting", "training", "away", "offline"] as const;
export type Availability = (typeof AVAILABILITIES)[number];
export type AgentStatus = "idle" | "offered" | "reserved" | "interacting" | "communicating" | "acw" | "not_responding" | "error";
export type Channel = "voice" | "video" | "chat";
export type Device = "browser" | "sip" | "uri";

export type Party = {
  party_id: string;
  role: "customer" | "agent" | "outside" | "supervisor";
  name: string;
  state: "ringing" | "connected" | "held" | "away";
  mode: "active" | "monitor" | "whisper" | "barge";
  transport: "sip" | "webrtc" | "chat";
  me: boolean;
};

export type Offer = {
  offer_id: string;
  contact_id: string;
  conversation_id: string;
  channel: Channel;
  queue: string;
  reason: string;
  summary: string;
  facts: Record<string, unknown>;
  customer_name: string;
  waited_ms: number;
  until: string | null;
  why: string;
};

export type Contact = {
  contact_id: string;
  conversation_id: string;
  channel: Channel;
  queue: string;
  customer_id: string | null;
  customer_name: string;
  state: "connected" | "held" | "away" | "acw";
  since: string;
  acw_until: string | null;
  emotion: string | null;
  frustration: number | null;
  muted: boolean;
  recording: "on" | "paused" | "off";
  parties: Party[];
  parked: string | null;
};

export type QueueLine = {
  queue: string;
  name: string;
  waiting: number;
  longest_wait_ms: number;
  service_level: number | null;
  sl_target_s: number;
};

export type AgentView = {
  availability: Availability;
  reason: string;
  next_availability: Availability | null;
  status: AgentStatus;
  since: string;
  until: string | null;
  missed: number;
  device: Device;
  uri: string;
  registered: boolean | null;
  capacity: { voice: number; chat: number };
  contacts: Contact[];
  offers: Offer[];
  queues: QueueLine[];
};
