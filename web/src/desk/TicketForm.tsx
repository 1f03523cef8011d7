/** A new ticket: the title is enough; the words choose category and department when nobody else does. */

import { Button, Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { titleIn } from "./catalogue";
import { useDesk } from "./DeskContext";
import { panels } from "./panelApi";
import { PRIORITIES, type Department, type Ticket } from "./panelTypes";
import type { Contact } from "./types";

type Props = { contact: Contact; departments: Department[]; onDone: () => void; onCancel: () => void };

export function TicketForm({ contact, departments, onDone, onCancel }: Props) {
  const { t, i18n } = useTranslation("desk");
  const { act } = useDesk();
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [department, setDepartment] = useState("");
  const [category, setCategory] = useState("");
  const [priority, setPriority] = useState("");
  const [busy, setBusy] = useState(false);
  const auto = { value: "", label: t("ticket.auto") };
  const categories = departments.filter((one) => !department || one.department === department).flatMap((one) => one.categories);
  const save = async () => {
    setBusy(true);
    const done = await act(
      panels.newTicket(
        { title: title.trim(), description: description.trim(), category, department, priority: (priority || null) as Ticket["priority"] | null },
        { customer_id: contact.customer_id, conversation_id: contact.conversation_id, contact_id: contact.contact_id, language: i18n.language },
      ),
    );
    setBusy(false);
    if (done) onDone();
  };
  return (
    <form
      aria-label={t("ticket.new")}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap={8}>
        <TextInput label={t("ticket.title")} required maxLength={200} value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
        <Textarea label={t("ticket.description")} autosize minRows={2} maxRows={6} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        <NativeSelect
          label={t("ticket.department")}
          value={department}
          data={[auto, ...departments.map((one) => ({ value: one.department, label: titleIn(one.title, i18n.language, one.department) }))]}
          onChange={(event) => (setDepartment(event.currentTarget.value), setCategory(""))}
        />
        <NativeSelect
          label={t("ticket.category")}
          value={category}
          data={[auto, ...categories.map((one) => ({ value: one.category, label: titleIn(one.title, i18n.language, one.category) }))]}
          onChange={(event) => setCategory(event.currentTarget.value)}
        />
        <NativeSelect
          label={t("ticket.priority")}
          value={priority}
          data={[auto, ...PRIORITIES.map((one) => ({ value: one, label: t(`priority.${one}`) }))]}
          onChange={(event) => setPriority(event.currentTarget.value)}
        />
        <Group gap={6}>
          <Button type="submit" loading={busy} disabled={!title.trim()}>{t("ticket.create")}</Button>
          <Button variant="default" onClick={onCancel}>{t("do.cancel")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
