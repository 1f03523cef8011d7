/** What went before with this customer, over all channels; each conversation unfolds. */

import { Anchor, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { moment, timeOfDay } from "../lib/format";
import { pictureOf } from "../lib/transcript";
import { api } from "../api";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import type { Picture } from "../lib/transcript";
import type { Customer, PastConversation } from "./panelTypes";
import type { Contact } from "./types";

export function HistoryTab({ contact, customer }: { contact: Contact; customer: Customer | null }) {
  const { t } = useTranslation("desk");
  const before = (customer?.conversations ?? []).filter((one) => one.conversation_id !== contact.conversation_id);
  return (
    <Stack gap={8}>
      {before.length === 0 && <Text size="sm" c="dimmed">{customer ? t("history.none") : t("app.loading")}</Text>}
      {before.map((one) => <Past key={one.conversation_id} past={one} />)}
      <Anchor component={Link} to={`/conversations/${contact.conversation_id}`} target="_blank" size="sm">{t("history.this")}</Anchor>
    </Stack>
  );
}

function Past({ past }: { past: PastConversation }) {
  const { t, i18n } = useTranslation("desk");
  const { tell } = useDesk();
  const [read, setRead] = useState<{ picture: Picture; next: number | null } | null>(null);
  const [open, setOpen] = useState(false);
  const more = () => {
    const after = read?.next ?? 0;
    api.conversation(past.conversation_id, { after }).then(
      ({ events, next }) => setRead((old) => (old && old.next !== after ? old : { picture: pictureOf(events, old?.picture), next })), tell,
    );
  };
  const unfold = () => {
    setOpen(!open);
    if (!read) more();
  };
  const Sign = open ? IconChevronDown : IconChevronRight;
  return (
    <article className={css.suggestion}>
      <UnstyledButton className={css.fold} aria-expanded={open} onClick={unfold}>
        <Group gap={6} wrap="nowrap">
          <Sign size={16} aria-hidden />
          <Text size="sm" fw={600} className={css.grow}>{past.subject || t("history.conversation")}</Text>
          {past.channels.map((one) => <span key={one} className={css.pill}>{t(`channel.${one}`, { defaultValue: one })}</span>)}
        </Group>
        <Text size="xs" c="dimmed">
          {moment(past.opened_at, i18n.language)}
          {past.disposition && ` · ${t(`disposition.${past.disposition}`, { defaultValue: past.disposition })}`}
        </Text>
      </UnstyledButton>
      {past.summary && <Text size="sm" mt={4}>{past.summary}</Text>}
      {open && read?.picture.lines.map((one) => (
        <Text key={one.id} size="xs" mt={3}>
          <span className={css.soft}>{timeOfDay(one.at, i18n.language)} </span>
          <b>{t(`who.${one.speaker}`)}:</b> {one.text}
        </Text>
      ))}
      {open && read?.next != null && <Anchor component="button" size="xs" onClick={more}>{t("history.more")}</Anchor>}
    </article>
  );
}
