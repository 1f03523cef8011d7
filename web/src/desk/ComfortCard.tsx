/** Words for an upset customer, beside the talk whatever tab is open; Esc puts them away. Never takes the focus. */

import { useEffect } from "react";
import css from "./desk.module.css";
import { useUi } from "./DeskUi";
import { SuggestionCard } from "./SuggestionCard";
import type { Contact } from "./types";

export function ComfortCard({ contact }: { contact: Contact }) {
  const { assist } = useUi();
  const card = assist.cards(contact.contact_id).find((one) => one.kind === "comfort");
  useEffect(() => {
    if (!card) return undefined;
    const press = (event: KeyboardEvent) => {
      const open = document.querySelector("[role=dialog], [role=menu], [role=listbox]"); // Esc is theirs first
      if (event.key === "Escape" && !event.defaultPrevented && !open) assist.dismiss(contact, card);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  return card ? <SuggestionCard card={card} contact={contact} className={css.comfort} compact /> : null;
}
