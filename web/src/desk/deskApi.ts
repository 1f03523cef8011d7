/** What the agent desktop asks of the server, by name. */

import { ask, http, type Schemas } from "../api";
import { observe } from "./serverClock";
import type { Availability, Device } from "./types";

export type TargetIn = Schemas["TargetIn"];
export type DirectoryEntry = Schemas["DirectoryEntry"];
export type Parked = Schemas["Parked"];

const asked = new Map<string, number>();
http.use({
  onRequest: ({ id }) => void asked.set(id, Date.now()),
  onResponse: ({ id, response }) => {
    observe(response.headers.get("date"), asked.get(id) ?? Date.now(), Date.now());
    asked.delete(id);
  },
  onError: ({ id }) => void asked.delete(id),
});

const of = (contact_id: string) => ({ path: { contact_id } });
const talk = (conversation_id: string) => ({ path: { conversation_id } });
const offerOf = (sdp: string | null) => ({ type: "offer" as const, ...(sdp ? { sdp } : {}) });

export const desk = {
  agent: () => ask(http.GET("/api/agent")),
  availability: (availability: Availability) => ask(http.PUT("/api/agent/availability", { body: { availability, reason: "" } })),
  device: (device: Device, uri: string) => ask(http.PUT("/api/agent/device", { body: { device, uri } })),
  accept: (offer_id: string, sdp: string | null) =>
    ask(http.POST("/api/agent/offers/{offer_id}/accept", { params: { path: { offer_id } }, body: offerOf(sdp) })),
  decline: (offer_id: string) => ask(http.POST("/api/agent/offers/{offer_id}/decline", { params: { path: { offer_id } } })),
  rejoin: (contact: string, sdp: string) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/rejoin", { params: of(contact), body: { type: "offer", sdp } })),
  hold: (contact: string, on: boolean, party?: string) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/hold", { params: of(contact), body: { on, ...(party ? { party_id: party } : {}) } })),
  mute: (contact: string, on: boolean) => ask(http.POST("/api/agent/contacts/{contact_id}/mute", { params: of(contact), body: { on } })),
  keypad: (contact: string, party_id: string, digits: string) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/keypad", { params: of(contact), body: { party_id, digits } })),
  hangup: (contact: string) => ask(http.POST("/api/agent/contacts/{contact_id}/hangup", { params: of(contact) })),
  askHelp: (contact: string) => ask(http.POST("/api/agent/contacts/{contact_id}/help", { params: of(contact) })),
  record: (contact: string, on: boolean) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/record", { params: of(contact), body: { on } })),
  consult: (contact: string, target: TargetIn) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/consult", { params: of(contact), body: { target } })),
  consultStep: (contact: string, step: "swap" | "cancel" | "conference" | "complete") =>
    ask(http.POST("/api/agent/contacts/{contact_id}/consult/{step}", { params: { path: { contact_id: contact, step } } })),
  transfer: (contact: string, target: TargetIn, note: string) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/transfer", { params: of(contact), body: { target, note } })),
  drop: (contact_id: string, party_id: string) =>
    ask(http.DELETE("/api/agent/contacts/{contact_id}/parties/{party_id}", { params: { path: { contact_id, party_id } } })),
  park: (contact: string) => ask(http.POST("/api/agent/contacts/{contact_id}/park", { params: of(contact) })),
  parked: () => ask(http.GET("/api/agent/parked")),
  takeParked: (code: string, sdp: string | null) =>
    ask(http.POST("/api/agent/parked/{code}/take", { params: { path: { code } }, body: offerOf(sdp) })),
  extend: (contact: string, seconds: number) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/acw/extend", { params: of(contact), body: { seconds } })),
  finish: (contact: string, body: { disposition: string; notes: string; summary?: string; follow_up?: string }) =>
    ask(http.POST("/api/agent/contacts/{contact_id}/wrapup", { params: of(contact), body })),
  directory: (q: string) => ask(http.GET("/api/directory", { params: { query: { q } } })),
  message: (conversation: string, text: string) =>
    ask(http.POST("/api/conversations/{conversation_id}/messages", { params: talk(conversation), body: { text } })),
};
