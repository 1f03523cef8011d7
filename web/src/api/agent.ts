/** What the agent's page asks of the server. */

import { ask, http } from "./client";

export type Availability = "available" | "break" | "offline";

export const agentApi = {
  agent: () => ask(http.GET("/api/agent")),
  availability: (availability: Availability) => ask(http.PUT("/api/agent/availability", { body: { availability } })),
  accept: (offer_id: string, sdp: string) => ask(http.POST("/api/agent/accept", { body: { offer_id, sdp, type: "offer" } })),
  decline: (offer_id: string) => ask(http.POST("/api/agent/decline", { body: { offer_id } })),
  hold: (on: boolean) => ask(http.POST("/api/agent/hold", { body: { on } })),
  mute: (on: boolean) => ask(http.POST("/api/agent/mute", { body: { on } })),
  hangup: () => ask(http.POST("/api/agent/hangup")),
  wrapup: (conversation_id: string, disposition: string, notes: string) =>
    ask(http.POST("/api/agent/wrapup", { body: { conversation_id, disposition, notes } })),
};
