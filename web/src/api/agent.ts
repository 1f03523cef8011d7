/** What the agent's page asks of the server: one contact at a time, as the page shows it. */

import { ApiError, ask, http, type Schemas } from "./client";

export type Availability = "available" | "break" | "offline";

let contact = "";

/** The page's one contact, of all that the server tells. */
function single(view: Schemas["AgentView"]) {
  contact = view.contacts[0]?.contact_id ?? contact;
  return { ...view, conversation_id: view.contacts[0]?.conversation_id ?? null, offer: view.offers[0] ?? null };
}
const mine = () => {
  if (!contact) throw new ApiError(409, "you are in no call");
  return { path: { contact_id: contact } };
};

export const agentApi = {
  agent: () => ask(http.GET("/api/agent")).then(single),
  availability: (availability: Availability) =>
    ask(http.PUT("/api/agent/availability", { body: { availability, reason: "" } })).then(single),
  accept: async (offer_id: string, sdp: string) => {
    const taken = await ask(
      http.POST("/api/agent/offers/{offer_id}/accept", { params: { path: { offer_id } }, body: { sdp, type: "offer" } }),
    );
    contact = taken.contact_id;
    return { sdp: taken.sdp ?? "" };
  },
  decline: (offer_id: string) => ask(http.POST("/api/agent/offers/{offer_id}/decline", { params: { path: { offer_id } } })),
  hold: async (on: boolean) => ask(http.POST("/api/agent/contacts/{contact_id}/hold", { params: mine(), body: { on } })),
  mute: async (on: boolean) => ask(http.POST("/api/agent/contacts/{contact_id}/mute", { params: mine(), body: { on } })),
  hangup: async () => ask(http.POST("/api/agent/contacts/{contact_id}/hangup", { params: mine() })),
  wrapup: async (disposition: string, notes: string) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/wrapup", { params: mine(), body: { disposition, notes } })),
};
