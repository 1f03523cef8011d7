/** The customer of a contact, asked for anew when something about them happens. */

import { useEffect, useState } from "react";
import { useDesk } from "./DeskContext";
import { panels } from "./panelApi";
import type { Customer } from "./panelTypes";
import type { Contact } from "./types";

const NEWS = /^(verify|consent|queue\.(entered|accepted)|profile\.|wrapup|contact\.ended)/;

export function useCustomer(contact: Contact): Customer | null {
  const { follow, tell } = useDesk();
  const [customer, setCustomer] = useState<Customer | null>(null);
  const { conversation_id } = contact;
  useEffect(() => {
    let gone = false;
    const look = () => void panels.customer(conversation_id).then((found) => !gone && setCustomer(found), tell);
    setCustomer(null);
    look();
    const stop = follow((event) => event.conversation_id === conversation_id && NEWS.test(event.type) && look());
    return () => {
      gone = true;
      stop();
    };
  }, [conversation_id, follow, tell]);
  return customer;
}
