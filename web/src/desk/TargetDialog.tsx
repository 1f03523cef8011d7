/** Transfer or consult: look for a colleague, a queue, a flow or a number; arrows choose, Enter does it. */

import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconHeadphones, IconPhone, IconSearch, IconSitemap, IconUsersGroup } from "@tabler/icons-react";
import { useEffect, useId, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi, type DirectoryEntry } from "./deskApi";
import { useUi } from "./DeskUi";
import { choices, mayConsult, type Target } from "./targets";
import type { Contact } from "./types";

const SIGNS = { agent: IconHeadphones, queue: IconUsersGroup, flow: IconSitemap, number: IconPhone, sip: IconPhone };

export function TargetDialog({ contact, mode }: { contact: Contact; mode: "transfer" | "consult" }) {
  const { t } = useTranslation("desk");
  const { act, tell } = useDesk();
  const { open } = useUi();
  const list = useId();
  const [query, setQuery] = useState("");
  const [asked] = useDebouncedValue(query.trim(), 150);
  const [entries, setEntries] = useState<DirectoryEntry[] | null>(null);
  const [place, setPlace] = useState(0);
  const [note, setNote] = useState("");
  useEffect(() => {
    let gone = false;
    deskApi.directory(asked).then((found) => !gone && (setEntries(found), setPlace(0)), tell);
    return () => {
      gone = true;
    };
  }, [asked, tell]);
  const all = choices(entries ?? [], query).filter((one) => mode === "transfer" || mayConsult(one));
  const chosen = all[Math.min(place, all.length - 1)];
  const go = (how: "transfer" | "consult") => {
    if (!chosen) return;
    const target = { kind: chosen.kind, to: chosen.to, note };
    open(null);
    void act(how === "transfer" ? deskApi.transfer(contact.contact_id, target, note) : deskApi.consult(contact.contact_id, target));
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setPlace((before) => Math.max(0, Math.min(all.length - 1, before + step)));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      go(mode);
    }
  };
  const voice = contact.channel !== "chat";
  return (
    <Modal opened onClose={() => open(null)} title={mode === "transfer" ? t("target.transfer") : t("target.consult")} closeButtonProps={{ "aria-label": t("do.close") }} size="lg">
      <Stack gap={10}>
        <TextInput
          data-autofocus
          role="combobox"
          aria-expanded
          aria-controls={list}
          aria-activedescendant={chosen ? `${list}-${all.indexOf(chosen)}` : undefined}
          label={t("target.search")}
          placeholder={t("target.hint")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={press}
        />
        <div id={list} role="listbox" aria-label={t("target.list")} className={css.options}>
          {all.map((one, index) => (
            <TargetOption key={`${one.kind}-${one.to}`} id={`${list}-${index}`} target={one} selected={one === chosen} onClick={() => setPlace(index)} />
          ))}
        </div>
        {entries && all.length === 0 && <Text size="sm" c="dimmed" role="status">{t("target.none")}</Text>}
        <Textarea label={t("target.note")} autosize minRows={1} maxRows={4} maxLength={1000} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        <Group gap={8} justify="flex-end">
          <Button variant="default" onClick={() => open(null)}>{t("do.cancel")}</Button>
          {voice && <Button variant={mode === "consult" ? "filled" : "default"} disabled={!chosen || !mayConsult(chosen)} onClick={() => go("consult")}>{t("target.ask")}</Button>}
          {mode === "transfer" && <Button disabled={!chosen} onClick={() => go("transfer")}>{t("target.now")}</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}

function TargetOption({ id, target, selected, onClick }: { id: string; target: Target; selected: boolean; onClick: () => void }) {
  const { t } = useTranslation("desk");
  const Sign = SIGNS[target.kind];
  return (
    <div id={id} role="option" aria-selected={selected} className={css.option} onClick={onClick} ref={(node) => (selected ? node?.scrollIntoView({ block: "nearest" }) : undefined)}>
      <Sign size={18} aria-hidden />
      <div className={css.grow}>
        <Text size="sm" fw={600}>{target.name || target.to}</Text>
        {target.detail && <Text size="xs" c="dimmed">{target.detail}</Text>}
      </div>
      <span className={css.pill}>{t(`target.kind.${target.kind}`)}</span>
      {target.state && (
        <Group gap={5}>
          <i className={css.dot} data-state={target.state} />
          <Text size="xs">{t(`target.state.${target.state}`)}</Text>
        </Group>
      )}
    </div>
  );
}
