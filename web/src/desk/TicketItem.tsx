/** One ticket: number, clock, state, where it lies; state and department change here. */

import { Group, NativeSelect, Text } from "@mantine/core";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { titleIn } from "./catalogue";
import { useNow } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { panels } from "./panelApi";
import { TICKET_STATES, type Department, type Ticket, type TicketStatus } from "./panelTypes";
import { slaOf, span } from "./slaClock";

const TONES = { low: undefined, normal: undefined, high: "warn", urgent: "bad" } as const;

export function TicketItem({ ticket, departments, onChange }: { ticket: Ticket; departments: Department[]; onChange: () => void }) {
  const { t, i18n } = useTranslation("desk");
  const { act } = useDesk();
  const change = (what: { status?: TicketStatus; department?: string }) =>
    void act(panels.changeTicket(Number(ticket.ticket_id), { ...what, seen: ticket.updated_at })).then(onChange);
  return (
    <article className={css.suggestion}>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <Text size="sm" fw={600} className={css.grow}>
          <span className={css.soft}>#{ticket.ticket_id}</span> {ticket.title}
        </Text>
        <span className={css.pill} data-tone={TONES[ticket.priority]}>{t(`priority.${ticket.priority}`)}</span>
      </Group>
      <SlaClock ticket={ticket} />
      <Group gap={6} grow mt={6}>
        <NativeSelect
          size="xs"
          aria-label={t("ticket.status", { id: ticket.ticket_id })}
          value={ticket.status}
          data={TICKET_STATES.map((one) => ({ value: one, label: t(`ticketState.${one}`) }))}
          onChange={(event) => change({ status: event.currentTarget.value as TicketStatus })}
        />
        <NativeSelect
          size="xs"
          aria-label={t("ticket.routed", { id: ticket.ticket_id })}
          value={ticket.department}
          data={departments.map((one) => ({ value: one.department, label: titleIn(one.title, i18n.language, one.department) }))}
          onChange={(event) => change({ department: event.currentTarget.value })}
        />
      </Group>
    </article>
  );
}

function SlaClock({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("desk");
  const sla = slaOf(ticket, useNow());
  if (sla.tone === "none") return <Text size="xs" c="dimmed">{t(`ticketState.${ticket.status}`)}</Text>;
  const { days, hours, minutes } = span(sla.ms);
  const time = days > 0 ? t("span.days", { days, hours }) : hours > 0 ? t("span.hours", { hours, minutes }) : t("span.minutes", { minutes });
  const Sign = sla.tone === "late" ? IconAlertTriangle : IconClock;
  return (
    <Text size="xs" component="div" className={sla.tone === "late" ? css.late : sla.tone === "soon" ? css.soon : css.soft}>
      <Sign size={13} aria-hidden style={{ verticalAlign: "-2px" }} /> {sla.tone === "late" ? t("ticket.late", { time }) : t("ticket.due", { time })}
    </Text>
  );
}
