/** After-call work: what was suggested stands there already; one glance, one click, done. */

import { Button, Chip, Group, Textarea, TextInput } from "@mantine/core";
import { IconCheck, IconRestore } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Until } from "./Clock";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { useUi } from "./DeskUi";
import { Keys } from "./Keys";
import { panels } from "./panelApi";
import type { WrapUpSuggestion } from "./panelTypes";
import type { Contact } from "./types";
import { edit, OUTCOMES, payload, ready, restore, suggest, type Field } from "./wrapup";

export const EXTEND_S = 60;

export function WrapUpForm({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { act, tell } = useDesk();
  const { drafts, keymap } = useUi();
  const [suggestion, setSuggestion] = useState<WrapUpSuggestion | null>(null);
  const id = contact.contact_id;
  const draft = drafts.wrap(id);
  const { change } = drafts;

  useEffect(() => {
    let gone = false;
    panels.wrapup(id).then((found) => {
      if (gone) return;
      setSuggestion(found);
      change(id, (before) => suggest(before, { summary: found.summary, disposition: found.disposition, follow_up: found.follow_up }));
    }, tell);
    return () => {
      gone = true;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked once per contact; what changes a draft is always the same
  }, [id, tell]);

  const set = (field: Field) => (value: string) => change(id, (before) => edit(before, field, value));
  const outcomes = suggestion?.dispositions.length ? suggestion.dispositions : OUTCOMES.map((code) => ({ code, title: t(`disposition.${code}`) }));
  const changed = draft.suggested !== null && draft.summary !== draft.suggested.summary;
  return (
    <form
      className={css.wrap}
      id={`wrap-${id}`}
      aria-label={t("wrap.title")}
      onSubmit={(event) => {
        event.preventDefault();
        void act(deskApi.finish(id, payload(draft))).then((done) => done && drafts.forget(id));
      }}
    >
      <Group gap={8} mb={6}>
        <strong>{t("wrap.title")}</strong>
        {contact.acw_until && <span className={css.soft}>{t("wrap.left")} <Until at={contact.acw_until} /></span>}
        {suggestion?.intent_title && <span className={css.soft}>{t("wrap.intent", { intent: suggestion.intent_title })}</span>}
      </Group>
      <fieldset style={{ border: 0, padding: 0, margin: "0 0 8px" }}>
        <legend className={css.soft} style={{ fontSize: 12, marginBottom: 4 }}>{t("wrap.disposition")}</legend>
        <Chip.Group value={draft.disposition} onChange={(value) => set("disposition")(String(value))}>
          <div className={css.choices}>
            {outcomes.map((one) => <Chip key={one.code} value={one.code} size="xs">{one.title}</Chip>)}
          </div>
        </Chip.Group>
      </fieldset>
      <Textarea
        label={t("wrap.summary")}
        description={draft.suggested?.summary && !changed ? t("wrap.suggested") : undefined}
        autosize
        minRows={2}
        maxRows={6}
        value={draft.summary}
        onChange={(event) => set("summary")(event.currentTarget.value)}
        mb={6}
      />
      {changed && (
        <Button size="compact-xs" variant="subtle" leftSection={<IconRestore size={14} aria-hidden />} onClick={() => change(id, (before) => restore(before, "summary"))}>
          {t("wrap.restore")}
        </Button>
      )}
      <TextInput label={t("wrap.followUp")} value={draft.follow_up} onChange={(event) => set("follow_up")(event.currentTarget.value)} mb={6} />
      <Textarea label={t("wrap.notes")} placeholder={t("wrap.notesHint")} autosize minRows={1} maxRows={4} value={draft.notes} onChange={(event) => set("notes")(event.currentTarget.value)} mb={10} />
      <Group gap={8}>
        <Button type="submit" disabled={!ready(draft)} leftSection={<IconCheck size={18} aria-hidden />}>
          {t("wrap.finish")}&ensp;<span style={{ fontSize: 12, fontWeight: 400 }}><Keys combo={keymap.finish} /></span>
        </Button>
        <Button variant="default" onClick={() => void act(deskApi.extend(id, EXTEND_S))}>{t("wrap.extend", { seconds: EXTEND_S })}</Button>
        {!ready(draft) && <span className={css.soft}>{t("wrap.choose")}</span>}
      </Group>
    </form>
  );
}
