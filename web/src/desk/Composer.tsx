/** Where the agent writes to the customer: Enter sends, Shift+Enter breaks the line, images by button, paste or drop. */

import { ActionIcon, FileButton, Group, Textarea } from "@mantine/core";
import { IconPhoto, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { picturesOf } from "../lib/images";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { desk as deskApi } from "./deskApi";
import { useUi } from "./DeskUi";
import { sendImage } from "./panelApi";
import type { Contact } from "./types";

const IMAGES = "image/png,image/jpeg,image/webp,image/gif";

export function Composer({ contact }: { contact: Contact }) {
  const { t } = useTranslation("desk");
  const { act } = useDesk();
  const { drafts, assist } = useUi();
  const [busy, setBusy] = useState(false);
  const id = contact.contact_id;
  const text = drafts.text(id);
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    if (await act(deskApi.message(contact.conversation_id, text.trim()))) {
      drafts.write(id, "");
      assist.sent(id, text);
    }
    setBusy(false);
  };
  const image = async (file: File | null | undefined) => {
    if (!file) return;
    setBusy(true);
    await act(sendImage(contact.conversation_id, file));
    setBusy(false);
  };
  return (
    <div
      className={css.composer}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void image(picturesOf(event.dataTransfer.files)[0]);
      }}
    >
      <Group gap={6} align="flex-end" wrap="nowrap">
        <FileButton onChange={(file) => void image(file)} accept={IMAGES}>
          {(props) => (
            <ActionIcon {...props} variant="subtle" color="gray" size="lg" disabled={busy} aria-label={t("composer.image")}>
              <IconPhoto size={20} aria-hidden />
            </ActionIcon>
          )}
        </FileButton>
        <Textarea
          className={css.grow}
          aria-label={t("composer.label", { name: contact.customer_name || t("who.customer") })}
          placeholder={t("composer.placeholder")}
          autosize
          minRows={1}
          maxRows={5}
          value={text}
          onChange={(event) => drafts.write(id, event.currentTarget.value)}
          onPaste={(event) => void image(picturesOf(event.clipboardData.files)[0])}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <ActionIcon size="lg" loading={busy} disabled={!text.trim()} onClick={() => void send()} aria-label={t("composer.send")}>
          <IconSend size={20} aria-hidden />
        </ActionIcon>
      </Group>
    </div>
  );
}
