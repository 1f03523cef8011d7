/** What the panels beside the talk ask of the server. */

import { ask, http } from "../api";
import { attach, prepared } from "../lib/images";
import type { CardAction, Ticket, TicketStatus } from "./panelTypes";

const talk = (conversation_id: string) => ({ path: { conversation_id } });
const contact = (contact_id: string) => ({ path: { contact_id } });
export type NewTicket = { title: string; description: string; category: string; department: string; priority: Ticket["priority"] | null };

export const panels = {
  customer: (conversation: string) => ask(http.GET("/api/conversations/{conversation_id}/customer", { params: talk(conversation) })),
  cards: (contact_id: string) => ask(http.GET("/api/assist/{contact_id}", { params: contact(contact_id) })),
  card: (card_id: string, action: CardAction, text = "") =>
    ask(http.POST("/api/assist/{card_id}", { params: { path: { card_id } }, body: { action, text } })),
  knowledge: (q: string, language: string) => ask(http.GET("/api/knowledge/search", { params: { query: { q, language, limit: 8 } } })),
  wrapup: (contact_id: string) => ask(http.GET("/api/wrapup/{contact_id}", { params: contact(contact_id) })),
  tickets: (query: { customer?: string; conversation?: string; mine?: boolean }) => ask(http.GET("/api/tickets", { params: { query } })),
  departments: () => ask(http.GET("/api/departments")),
  newTicket: (ticket: NewTicket, about: { customer_id: string | null; conversation_id: string; contact_id: string; language: string }) =>
    ask(http.POST("/api/tickets", { body: { ...ticket, ...about } })),
  changeTicket: (ticket_id: number, change: { status?: TicketStatus; department?: string; note?: string; seen: string }) =>
    ask(http.PATCH("/api/tickets/{ticket_id}", { params: { path: { ticket_id } }, body: { note: "", ...change } })),
};

/** Puts an image of the agent's into the conversation. */
export async function sendImage(conversation: string, file: File): Promise<void> {
  await attach(conversation, await prepared(file), file.name, undefined, () => undefined);
}
