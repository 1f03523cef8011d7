/** Which actions fit now, from what the server says of a contact. The server decides in the end; this greys out what it would refuse. */

import type { AgentView, Contact, Party } from "./types";

export type Action =
  | "hold"
  | "mute"
  | "keypad"
  | "transfer"
  | "consult"
  | "swap"
  | "complete"
  | "cancelConsult"
  | "conference"
  | "park"
  | "record"
  | "end"
  | "finish"
  | "extend"
  | "rejoin";

export type Consult = { with: Party; customer: Party | null; talkingTo: "customer" | "target" | "nobody" };

const isCustomer = (one: Party) => one.role === "customer";
/** Somebody else who takes part: another agent or an outside number, not a supervisor. */
const isOther = (one: Party) => !one.me && (one.role === "agent" || one.role === "outside");

/** Whom I ask (or pass the customer to, while it rings), and with whom I speak meanwhile. The server says who asks whom. */
export function consultOf(contact: Contact): Consult | null {
  const target = contact.parties.find((one) => one.party_id === contact.asked);
  if (!target || !asks(contact, myParty(contact))) return null;
  const customer = contact.parties.find(isCustomer) ?? null;
  if (target.state === "connected") return { with: target, customer, talkingTo: "target" };
  return { with: target, customer, talkingTo: customer?.state === "held" ? "nobody" : "customer" };
}

const asks = (contact: Contact, party: Party | null) => party !== null && contact.asker === party.party_id;

/** Does somebody else ask, me or a third? Until that is over the customer is theirs to pass on. */
export function isAsked(contact: Contact): boolean {
  return contact.asker !== null && !asks(contact, myParty(contact));
}

/** Three or more who hear each other. */
export function isConference(contact: Contact): boolean {
  return consultOf(contact) === null && !isAsked(contact) && contact.parties.filter((one) => isOther(one) || isCustomer(one)).length > 1;
}

/** My own part of the contact; null when I am not in it (another tab, a reload). */
export function myParty(contact: Contact): Party | null {
  return contact.parties.find((one) => one.me) ?? null;
}

/**
 * The actions that fit. `joined`: this page carries the sound of the call (always true for phones and chats).
 */
export function fitting(contact: Contact | null, joined: boolean): Set<Action> {
  const fits = new Set<Action>();
  if (!contact) return fits;
  if (contact.state === "acw") return fits.add("finish").add("extend");
  fits.add("end");
  if (!joined) fits.add("rejoin");
  if (isAsked(contact)) return fits.add("mute");
  fits.add("transfer");
  if (contact.channel === "chat") return fits;
  const consult = consultOf(contact);
  if (consult) {
    fits.delete("transfer");
    fits.add("cancelConsult").add("mute");
    if (consult.with.state !== "ringing") fits.add("swap").add("conference").add("keypad");
    fits.add("complete"); // also while it rings: a blonde transfer
    return fits;
  }
  fits.add("hold").add("mute").add("keypad").add("consult").add("park");
  if (contact.recording !== "off") fits.add("record");
  return fits;
}

/** Can the customer read what I write? Chats, and calls from a page of ours. */
export function mayWrite(contact: Contact): boolean {
  return contact.channel === "chat" || contact.parties.some((one) => isCustomer(one) && one.transport !== "sip");
}

/** May I choose this device now? Not in the middle of a call. */
export function mayChangeDevice(view: AgentView): boolean {
  return view.offers.length === 0 && !view.contacts.some((one) => one.channel !== "chat" && one.state !== "acw");
}

/** The calls whose sound belongs in this page and is not here. */
export function lostCalls(view: AgentView, joined: string[]): Contact[] {
  if (view.device !== "browser") return [];
  return view.contacts.filter((one) => one.channel !== "chat" && one.state !== "acw" && !joined.includes(one.contact_id));
}
