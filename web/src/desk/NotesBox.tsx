/** Notes during a call with somebody who cannot read us: they are in the wrap-up form afterwards. */

import { Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import css from "./desk.module.css";
import { useUi } from "./DeskUi";
import type { Contact } from "./types";
import { edit } from "./wrapup";

export function NotesBox({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { drafts } = useUi();
  return (
    <div className={css.composer}>
      <Textarea
        aria-label={t("wrap.notes")}
        placeholder={t("wrap.notesDuring")}
        autosize
        minRows={1}
        maxRows={5}
        value={drafts.wrap(contact.contact_id).notes}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          drafts.change(contact.contact_id, (draft) => edit(draft, "notes", typed));
        }}
      />
    </div>
  );
}
