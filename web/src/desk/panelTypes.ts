/** Shapes of the panels beside the talk, by the names they have here. */

import type { Schemas } from "../api";

export type Fact = Schemas["FactOut"];
export type PastConversation = Schemas["PastOut"];
export type Customer = Schemas["ConversationCustomer"];
export type Card = Schemas["Card"];
export type CardAction = Schemas["CardAction"]["action"];
export type Found = Schemas["Article"];
export type WrapUpSuggestion = Schemas["WrapUpForm"];
export type Ticket = Schemas["TicketOut"];
export type Department = Schemas["DepartmentOut"];
export type TicketStatus = Ticket["status"];

export const TICKET_STATES: TicketStatus[] = ["new", "open", "pending", "hold", "solved", "closed"];
export const PRIORITIES: Ticket["priority"][] = ["low", "normal", "high", "urgent"];
