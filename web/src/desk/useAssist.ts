/** The suggestion cards of my contacts, as the server sends them; each deed is told to the server. */

import { useCallback, useEffect, useRef, useState } from "react";
import { mayWrite } from "./actions";
import { copyText } from "../lib/copy";
import { inserted, outcome, shownCards } from "./assist";
import type { Desk } from "./DeskContext";
import { panels } from "./panelApi";
import type { Card } from "./panelTypes";
import type { Contact } from "./types";
import type { Drafts } from "./useDrafts";
import { note } from "./wrapup";

export type Assist = {
  cards: (contact: string) => Card[];
  insert: (contact: Contact, card: Card) => void;
  copy: (contact: Contact, card: Card) => void;
  dismiss: (contact: Contact, card: Card) => void;
  /** The customer was sent this text. */
  sent: (contact: string, text: string) => void;
};

export function useAssist(desk: Desk, drafts: Drafts): Assist {
  const { view, follow, tell } = desk;
  const [all, setAll] = useState<Record<string, Card[]>>({});
  const used = useRef<Record<string, Card>>({});
  const live = view.contacts
    .filter((one) => one.state !== "acw")
    .map((one) => one.contact_id)
    .join(" ");

  useEffect(() => {
    let gone = false;
    for (const id of live.split(" ").filter(Boolean)) {
      panels.cards(id).then(
        (cards) => !gone && setAll((before) => ({ ...before, [id]: cards })),
        () => undefined, // suggestions are a help; a call without them is a call
      );
    }
    const stop = follow((event) => {
      if (event.type !== "assist.cards") return;
      const id = String(event.payload["contact_id"] ?? event.contact_id);
      const cards = event.payload["cards"];
      if (Array.isArray(cards)) setAll((before) => ({ ...before, [id]: cards as Card[] }));
    });
    return () => {
      gone = true;
      stop();
    };
  }, [live, follow]);

  const remove = useCallback((contact: string, card: Card) => {
    setAll((before) => ({ ...before, [contact]: (before[contact] ?? []).filter((one) => one.card_id !== card.card_id) }));
  }, []);
  return {
    cards: (contact) => shownCards(all[contact] ?? []),
    insert: (contact, card) => {
      const id = contact.contact_id;
      if (mayWrite(contact)) drafts.write(id, inserted(drafts.text(id), card));
      else drafts.change(id, (draft) => note(draft, card.text));
      used.current[id] = card;
      panels.card(card.card_id, "inserted").catch(tell);
    },
    copy: (_contact, card) => {
      copyText(card.text).then(() => panels.card(card.card_id, "copied")).catch(tell);
    },
    dismiss: (contact, card) => {
      remove(contact.contact_id, card);
      panels.card(card.card_id, "dismissed").catch(tell);
    },
    sent: (contact, text) => {
      const card = used.current[contact];
      if (card && outcome(text, card) === "edited") panels.card(card.card_id, "edited", text).catch(tell);
      delete used.current[contact];
    },
  };
}
