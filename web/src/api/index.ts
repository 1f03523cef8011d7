/** What the pages ask of the server, by name. Events over the WebSocket are no part of OpenAPI; their shapes are here. */

import { ask, bearer, http, type Schemas } from "./client";

export { ApiError, ask, bearer, http, type Schemas } from "./client";

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

export type ConversationSummary = Schemas["ConversationOut"];
export type User = Schemas["UserOut"];

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
/** The parts of a history that pages read; the words come with the events. `next`: the `after` of its next events, null after the last. */
export type Conversation = {
  conversation: ConversationSummary;
  participants: Participant[];
  legs: Leg[];
  events: StoredEvent[];
  recordings: { leg_id: string }[];
  next: number | null;
};

const of = (conversation_id: string) => ({ path: { conversation_id } });

export const api = {
  offer: (body: { sdp: string; locale: string; video: boolean; slow: boolean; resume: boolean; conversation?: string }, token?: string) =>
    ask(http.POST("/api/offer", { body: { type: "offer", ...body }, ...bearer(token) })),
  chat: (locale: string) => ask(http.POST("/api/chat", { body: { locale } })),
  pace: (conversation: string, slow: boolean, token?: string) =>
    ask(http.PUT("/api/conversations/{conversation_id}/pace", { params: of(conversation), body: { slow }, ...bearer(token) })),
  dtmf: (conversation: string, digit: string, token: string) =>
    ask(http.POST("/api/conversations/{conversation_id}/dtmf", { params: of(conversation), body: { digit }, ...bearer(token) })),
  message: (conversation: string, text: string, token?: string) =>
    ask(http.POST("/api/conversations/{conversation_id}/messages", { params: of(conversation), body: { text }, ...bearer(token) })),
  stopTone: (conversation: string) =>
    ask(
      http.DELETE("/api/conversations/{conversation_id}/consents/{purpose}", {
        params: { path: { conversation_id: conversation, purpose: "emotion" } },
      }),
    ),
  leave: (conversation: string, token: string) =>
    ask(http.POST("/api/conversations/{conversation_id}/hangup", { params: of(conversation), ...bearer(token) })),

  login: (name: string, password: string) => ask(http.POST("/api/login", { body: { name, password } })),
  logout: () => ask(http.POST("/api/logout")),
  me: () => ask(http.GET("/api/me")),

  conversations: (query: string, before?: string) =>
    ask(http.GET("/api/conversations", { params: { query: { limit: 50, ...(query ? { query } : {}), ...(before ? { before } : {}) } } })),
  conversation: async (id: string, events: { after?: number; limit?: number } = {}) =>
    (await ask(http.GET("/api/conversations/{conversation_id}", { params: { ...of(id), query: events } }))) as unknown as Conversation,
  iceServers: async (): Promise<RTCIceServer[]> => {
    const { ice_servers } = await ask(http.GET("/api/ice"));
    return ice_servers.map(({ urls, username, credential }) => (username && credential ? { urls, username, credential } : { urls }));
  },
  recordingUrl: (id: string) => `/api/conversations/${id}/recording`,
};
