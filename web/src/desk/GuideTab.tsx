/** Looking something up while the customer is on the line. */

import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "../lib/copy";
import { mayWrite } from "./actions";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { useUi } from "./DeskUi";
import { panels } from "./panelApi";
import type { Found } from "./panelTypes";
import type { Contact } from "./types";
import { note } from "./wrapup";

export function GuideTab({ contact }: { contact: Contact | null }) {
  const { t, i18n } = useTranslation("desk");
  const { tell } = useDesk();
  const { drafts } = useUi();
  const [query, setQuery] = useState("");
  const [asked] = useDebouncedValue(query.trim(), 250);
  const [found, setFound] = useState<Found[] | null>(null);
  useEffect(() => {
    let gone = false;
    if (asked.length < 2) setFound(null);
    else panels.knowledge(asked, i18n.language).then((hits) => !gone && setFound(hits), tell);
    return () => {
      gone = true;
    };
  }, [asked, i18n.language, tell]);
  const use = (hit: Found) => {
    if (!contact) return;
    const id = contact.contact_id;
    if (mayWrite(contact) && contact.state !== "acw") drafts.write(id, [drafts.text(id).trimEnd(), hit.text].filter(Boolean).join(" "));
    else drafts.change(id, (draft) => note(draft, hit.text));
  };
  return (
    <Stack gap={10}>
      <TextInput
        aria-label={t("guide.search")}
        placeholder={t("guide.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={query && <ActionIcon variant="subtle" color="gray" aria-label={t("guide.clear")} onClick={() => setQuery("")}><IconX size={15} aria-hidden /></ActionIcon>}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      <div role="status">
        {found?.length === 0 && <Text size="sm" c="dimmed">{t("guide.none")}</Text>}
        {found === null && <Text size="sm" c="dimmed">{t("guide.hint")}</Text>}
      </div>
      {found?.map((hit) => (
        <article key={`${hit.article_id}-${hit.version}`} className={css.suggestion}>
          <strong>{hit.title}</strong>
          <p>{hit.text}</p>
          <Group gap={6}>
            {contact && <Button size="compact-sm" variant="default" onClick={() => use(hit)}>{mayWrite(contact) && contact.state !== "acw" ? t("assist.insert") : t("assist.note")}</Button>}
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void copyText(hit.text).catch(tell)}>{t("assist.copy")}</Button>
            <span className={css.grow} />
            <Text size="xs" c="dimmed">{t("assist.version", { version: hit.version })}</Text>
          </Group>
        </article>
      ))}
    </Stack>
  );
}
