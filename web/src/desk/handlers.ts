/** What each command does now; a command that does not fit has no handler. */

import { spotlight } from "@mantine/spotlight";
import { fitting } from "./actions";
import { topCard } from "./assist";
import type { Desk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import type { DeskUi } from "./DeskUi";
import { ordered } from "./roster";
import type { Offer } from "./types";
import type { Handlers } from "./useKeys";

type Deals = { onAccept: (offer: Offer) => void; onDecline: (offer: Offer) => void };

export function handlersOf(desk: Desk, ui: DeskUi, { onAccept, onDecline }: Deals): Handlers {
  const { view, act } = desk;
  const { shown, assist } = ui;
  const handlers: Handlers = { palette: () => spotlight.toggle(), help: () => ui.open("keys") };
  const offer = view.offers[0];
  if (offer) {
    if (view.device === "browser" || offer.channel === "chat") handlers.accept = () => onAccept(offer);
    handlers.decline = () => onDecline(offer);
  }
  handlers.pause = () => void act(deskApi.availability(view.availability === "available" ? "break" : "available"));
  ordered(view.contacts)
    .slice(0, 9)
    .forEach((one, place) => (handlers[`card${place + 1}` as "card1"] = () => ui.choose(one.contact_id)));
  if (!shown) return handlers;
  const id = shown.contact_id;
  const fits = fitting(shown, view.device !== "browser" || id in ui.calls.states);
  if (fits.has("hold")) handlers.hold = () => void act(deskApi.hold(id, shown.state !== "held"));
  if (fits.has("mute")) handlers.mute = () => void act(deskApi.mute(id, !shown.muted));
  if (fits.has("transfer")) handlers.transfer = () => ui.open("transfer");
  if (fits.has("consult")) handlers.consult = () => ui.open("consult");
  if (fits.has("conference")) handlers.conference = () => void act(deskApi.consultStep(id, "conference"));
  if (fits.has("keypad")) handlers.keypad = () => ui.open(ui.dialog === "keypad" ? null : "keypad");
  if (fits.has("end")) handlers.end = () => void act(deskApi.hangup(id));
  if (fits.has("finish")) handlers.finish = () => document.querySelector<HTMLFormElement>(`#wrap-${CSS.escape(id)}`)?.requestSubmit();
  if (shown.state !== "acw") handlers.supervisor = () => void act(deskApi.askHelp(id));
  handlers.transcript = () => document.getElementById(`words-${id}`)?.focus();
  const cards = assist.cards(id);
  const top = topCard(cards);
  const first = cards[0];
  if (top) handlers.insert = () => assist.insert(shown, top);
  if (first) handlers.dismiss = () => assist.dismiss(shown, first);
  return handlers;
}
