/** The HTTP API: shapes and calls. Paths and fields are those of the server's OpenAPI document. */

export type Emotion = {
  label: "neutral" | "content" | "sad" | "anxious" | "angry" | "unknown";
  arousal: number;
  valence: number;
  confidence: number;
  evidence?: string[];
  /** From the voice alone: its words, and a revision, are still to come. */
  early?: boolean;
  /** `seq` of the event that this one replaces. */
  revises?: number | null;
  /** 0…1, over the conversation. */
  frustration?: number;
  /** Tone and words did not fit. */
  disagreement?: "" | "sarcasm" | "tone_worse" | "tone_better";
};

export type Stage = { name: string; ms: number };

export type StoredEvent = {
  /** null for live-only events, which are not stored. */
  seq: number | null;
  conversation_id: string;
  contact_id: string | null;
  participant_id: string | null;
  leg_id: string | null;
  type: string;
  at: string;
  payload: Record<string, unknown>;
};

export type ConversationSummary = {
  conversation_id: string;
  status: string;
  language: string;
  subject: string;
  opened_at: string;
  closed_at: string | null;
};

export type Participant = { id: string; role: string; name: string; user_id: string | null };
export type Leg = {
  id: string;
  participant_id: string;
  transport: string;
  state: string;
  codec: string | null;
  srtp: boolean | null;
  ended_reason: string | null;
  stats: Record<string, number> | null;
};
/** The parts of a history that its page reads; the words come with the events. */
export type Conversation = {
  conversation: ConversationSummary;
  participants: Participant[];
  legs: Leg[];
  events: StoredEvent[];
  recordings: { leg_id: string }[];
};

export type User = { id: string; name: string; display_name: string; roles: string[]; device: string | null };
export type Availability = "available" | "break" | "offline";
export type Offer = {
  offer_id: string;
  conversation_id: string;
  queue: string;
  reason: string;
  summary: string;
  facts: Record<string, string>;
};
export type AgentState = {
  availability: Availability;
  status: string;
  device: "browser" | "sip" | "uri";
  conversation_id: string | null;
  offer: Offer | null;
};

export type CallAnswer = { sdp: string; type: "answer"; leg_id: string; conversation_id: string; token: string };

type IceServer = { urls: string; username: string | null; credential: string | null };

/** An answer other than 2xx. `retryAfter` is seconds, when the server named them. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

async function call<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers["authorization"] = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, "network");
  }
  if (!response.ok) {
    const detail = await response.json().then(
      (json: { detail?: unknown }) => (typeof json.detail === "string" ? json.detail : response.statusText),
      () => response.statusText,
    );
    const retry = Number(response.headers.get("retry-after"));
    throw new ApiError(response.status, detail, Number.isFinite(retry) && retry > 0 ? retry : null);
  }
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

export const api = {
  offer: (body: { sdp: string; type: "offer"; locale: string; video: boolean; conversation?: string }) =>
    call<CallAnswer>("POST", "/api/offer", body),
  dtmf: (conversation: string, digit: string, token: string) =>
    call<void>("POST", `/api/conversations/${conversation}/dtmf`, { digit }, token),
  message: (conversation: string, text: string, token?: string) =>
    call<void>("POST", `/api/conversations/${conversation}/messages`, { text }, token),
  stopTone: (conversation: string) => call<void>("DELETE", `/api/conversations/${conversation}/consents/emotion`),
  leave: (conversation: string, token: string) => call<void>("POST", `/api/conversations/${conversation}/hangup`, undefined, token),

  login: (name: string, password: string) => call<User>("POST", "/api/login", { name, password }),
  logout: () => call<void>("POST", "/api/logout"),
  me: () => call<User>("GET", "/api/me"),

  agent: () => call<AgentState>("GET", "/api/agent"),
  availability: (availability: Availability) => call<AgentState>("PUT", "/api/agent/availability", { availability }),
  accept: (offer_id: string, sdp: string) =>
    call<{ sdp: string; type: "answer"; leg_id: string }>("POST", "/api/agent/accept", { offer_id, sdp, type: "offer" }),
  decline: (offer_id: string) => call<void>("POST", "/api/agent/decline", { offer_id }),
  hold: (on: boolean) => call<void>("POST", "/api/agent/hold", { on }),
  mute: (on: boolean) => call<void>("POST", "/api/agent/mute", { on }),
  hangup: () => call<void>("POST", "/api/agent/hangup"),
  wrapup: (conversation_id: string, disposition: string, notes: string) =>
    call<void>("POST", "/api/agent/wrapup", { conversation_id, disposition, notes }),

  conversations: (query: string, before?: string) =>
    call<ConversationSummary[]>(
      "GET",
      `/api/conversations?${new URLSearchParams({ limit: "50", ...(query ? { query } : {}), ...(before ? { before } : {}) })}`,
    ),
  conversation: (id: string) => call<Conversation>("GET", `/api/conversations/${id}`),
  iceServers: async (): Promise<RTCIceServer[]> => {
    const { ice_servers } = await call<{ ice_servers: IceServer[] }>("GET", "/api/ice");
    return ice_servers.map(({ urls, username, credential }) => (username && credential ? { urls, username, credential } : { urls }));
  },
  recordingUrl: (id: string) => `/api/conversations/${id}/recording`,
};
