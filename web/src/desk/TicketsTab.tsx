/** Tickets of this customer, and a new one. */

import { Button, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useDesk } from "./DeskContext";
import { panels } from "./panelApi";
import type { Department, Ticket } from "./panelTypes";
import { TicketForm } from "./TicketForm";
import { TicketItem } from "./TicketItem";
import type { Contact } from "./types";

const TOGETHER_MS = 200;

export function TicketsTab({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { follow, tell } = useDesk();
  const [tickets, setTickets] = useState<Ticket[] | null>(null);
  const [departments, setDepartments] = useState<Department[]>([]);
  const [writing, setWriting] = useState(false);
  const { conversation_id, customer_id } = contact;
  const look = useCallback(
    () => panels.tickets(customer_id ? { customer: customer_id } : { conversation: conversation_id }).then(setTickets, tell),
    [conversation_id, customer_id, tell],
  );
  useEffect(() => {
    void look();
    let pending: number | undefined;
    const stop = follow((event) => {
      if (!event.type.startsWith("ticket.")) return;
      window.clearTimeout(pending); // one deed may be several events, and anybody's
      pending = window.setTimeout(() => void look(), TOGETHER_MS);
    });
    return () => {
      window.clearTimeout(pending);
      stop();
    };
  }, [look, follow]);
  useEffect(() => void panels.departments().then(setDepartments, tell), [tell]);
  return (
    <Stack gap={10}>
      {writing ? (
        <TicketForm contact={contact} departments={departments} onDone={() => (setWriting(false), void look())} onCancel={() => setWriting(false)} />
      ) : (
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setWriting(true)}>{t("ticket.new")}</Button>
      )}
      {tickets?.length === 0 && !writing && <Text size="sm" c="dimmed">{t("ticket.none")}</Text>}
      {tickets?.map((one) => <TicketItem key={one.ticket_id} ticket={one} departments={departments} onChange={() => void look()} />)}
    </Stack>
  );
}
