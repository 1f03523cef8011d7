/** Where the caller writes and adds pictures: chosen, dropped, pasted, or taken with the telephone's camera. */

import { ActionIcon, Button, CloseButton, Group, Progress, Text, TextInput } from "@mantine/core";
import { IconCamera, IconPhotoPlus, IconRefresh, IconSend2 } from "@tabler/icons-react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { picturesOf, type Upload } from "../lib/images";
import css from "./caller.module.css";
import type { Uploads } from "./useUploads";

type Props = { uploads: Uploads; onText: (text: string) => Promise<void>; onProblem: () => void };

export function Composer({ uploads, onText, onProblem }: Props) {
  const { t } = useTranslation("caller");
  const [draft, setDraft] = useState("");
  const [failed, setFailed] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const waiting = uploads.list.filter((one) => one.state === "chosen" || one.state === "failed");

  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const pictures = picturesOf(event.clipboardData?.files);
      if (pictures.length === 0) return;
      event.preventDefault();
      uploads.add(pictures);
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [uploads]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = draft.trim();
    setFailed(false);
    setDraft("");
    void uploads.sendAll().then(async () => {
      if (!text) return;
      try {
        await onText(text);
      } catch {
        setDraft((newer) => newer || text);
        setFailed(true);
        onProblem();
      }
    });
  };
  const chosen = (input: HTMLInputElement) => {
    uploads.add(picturesOf(input.files));
    input.value = ""; // the same file may be chosen again
  };

  return (
    <form className={css["composer"]} onSubmit={submit}>
      {uploads.list.length > 0 && (
        <ul className={css["tray"]} aria-label={t("upload.chosen")}>
          {uploads.list.map((one) => (
            <Chosen key={one.id} upload={one} onDrop={() => uploads.drop(one.id)} onRetry={() => void uploads.sendOne(one.id)} />
          ))}
        </ul>
      )}
      {failed && <Text role="alert" c="var(--wl-stop)" fz="sm">{t("error.message")}</Text>}
      <Group gap={6} wrap="nowrap">
        <input ref={files} type="file" accept="image/*" multiple hidden data-testid="pictures" onChange={(event) => chosen(event.currentTarget)} />
        <input ref={camera} type="file" accept="image/*" capture="environment" hidden onChange={(event) => chosen(event.currentTarget)} />
        <ActionIcon variant="subtle" color="gray" size={44} aria-label={t("upload.add")} onClick={() => files.current?.click()}>
          <IconPhotoPlus size={24} aria-hidden />
        </ActionIcon>
        <ActionIcon className={css["handheld"]!} variant="subtle" color="gray" size={44} aria-label={t("upload.take")} onClick={() => camera.current?.click()}>
          <IconCamera size={24} aria-hidden />
        </ActionIcon>
        <TextInput
          className={css["draft"]!}
          size="md"
          radius="xl"
          value={draft}
          maxLength={2000}
          placeholder={t("caller.placeholder")}
          aria-label={t("caller.placeholder")}
          autoComplete="off"
          onChange={(event) => setDraft(event.currentTarget.value)}
        />
        <ActionIcon type="submit" size={44} radius="xl" disabled={!draft.trim() && waiting.length === 0} aria-label={t("caller.send")}>
          <IconSend2 size={22} aria-hidden />
        </ActionIcon>
      </Group>
    </form>
  );
}

function Chosen({ upload, onDrop, onRetry }: { upload: Upload; onDrop: () => void; onRetry: () => void }) {
  const { t } = useTranslation("caller");
  return (
    <li data-state={upload.state}>
      {upload.why === "wrongKind" ? <span className={css["unshown"]}>{upload.file.name}</span> : <img src={upload.url} alt={upload.file.name || t("upload.picture")} />}
      {upload.state === "sending" && <Progress value={upload.done * 100} size="sm" aria-label={t("upload.sending")} />}
      {upload.state === "failed" && (
        <>
          <Text fz="sm" role="alert">{t(`upload.why.${upload.why || "network"}`)}</Text>
          {upload.why !== "wrongKind" && upload.why !== "tooLarge" && (
            <Button size="compact-xs" variant="light" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
              {t("upload.retry")}
            </Button>
          )}
        </>
      )}
      {(upload.state === "chosen" || upload.state === "failed") && (
        <CloseButton className={css["drop"]!} size="sm" variant="filled" aria-label={t("upload.remove")} onClick={onDrop} />
      )}
    </li>
  );
}
