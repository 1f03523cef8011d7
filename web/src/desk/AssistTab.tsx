/** At most three suggestions; silence when there is nothing worth saying. */

import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useUi } from "./DeskUi";
import { SuggestionCard } from "./SuggestionCard";
import type { Contact } from "./types";

export function AssistTab({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { assist } = useUi();
  const cards = assist.cards(contact.contact_id).filter((one) => one.kind !== "comfort" || contact.state === "acw");
  if (cards.length === 0) return <Text c="dimmed" size="sm">{t("assist.none")}</Text>;
  return (
    <Stack gap={10}>
      {cards.map((one) => <SuggestionCard key={one.card_id} card={one} contact={contact} />)}
    </Stack>
  );
}
