/** One suggestion with its source: insert, copy, dismiss. It appears without taking the focus from anywhere. */

import { ActionIcon, Button, Group, Text } from "@mantine/core";
import { IconBook, IconCopy, IconHeartHandshake, IconRoute, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { mayWrite } from "./actions";
import css from "./desk.module.css";
import { useUi } from "./DeskUi";
import type { Card } from "./panelTypes";
import type { Contact } from "./types";

const SIGNS = { knowledge: IconBook, next_step: IconRoute, comfort: IconHeartHandshake };

type Props = { card: Card; contact: Contact; className?: string; /** Beside the talk, where room is dear. */ compact?: boolean };

export function SuggestionCard({ card, contact, className = "", compact = false }: Props) {
  const { t } = useTranslation("desk");
  const { assist } = useUi();
  const Sign = SIGNS[card.kind];
  return (
    <article className={`${css.suggestion} ${className}`} data-kind={card.kind} aria-label={card.title}>
      <Group gap={6} wrap="nowrap">
        <Sign size={17} aria-hidden />
        <Text size="xs" c="dimmed">{t(`assist.kind.${card.kind}`)}{compact && card.title && ` · ${card.title}`}</Text>
        <span className={css.grow} />
        <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("assist.dismiss")} onClick={() => assist.dismiss(contact, card)}>
          <IconX size={15} aria-hidden />
        </ActionIcon>
      </Group>
      {!compact && card.title && <strong>{card.title}</strong>}
      <p lang={card.language || undefined}>{card.text}</p>
      <Group gap={6}>
        <Button size="compact-sm" variant="default" onClick={() => assist.insert(contact, card)}>
          {mayWrite(contact) ? t("assist.insert") : t("assist.note")}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconCopy size={14} aria-hidden />} onClick={() => assist.copy(contact, card)}>
          {t("assist.copy")}
        </Button>
        <span className={css.grow} />
        {card.source.title && card.source.title !== card.title && <Text size="xs" c="dimmed">{t("assist.source", { title: card.source.title })}</Text>}
        {!compact && card.source.version !== "" && <Text size="xs" c="dimmed">{t("assist.version", { version: card.source.version })}</Text>}
      </Group>
    </article>
  );
}
