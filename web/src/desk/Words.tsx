/** The words of all, as they are spoken; screen readers get finished lines in batches, politely. */

import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { timeOfDay } from "../lib/format";
import type { Line } from "../lib/transcript";
import { useAttachment } from "../lib/useAttachment";
import { batch, NOTHING } from "./announce";
import css from "./desk.module.css";
import { useDesk } from "./DeskContext";
import { EmotionWord } from "./Emotion";
import type { Contact } from "./types";

const BATCH_MS = 3000;
const SURE = 0.8;

export function Words({ contact, lines }: { contact: Contact; lines: Line[] }) {
  const { t } = useTranslation("desk");
  const box = useRef<HTMLDivElement>(null);
  const atFoot = useRef(true);
  const tail = lines.at(-1);
  useEffect(() => {
    if (atFoot.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, tail?.text, tail?.emotion]);
  useEffect(() => {
    const one = box.current;
    if (!one) return undefined;
    const watch = new ResizeObserver(() => atFoot.current && (one.scrollTop = one.scrollHeight)); // a card came or went
    watch.observe(one);
    return () => watch.disconnect();
  }, []);
  return (
    <>
      <div
        ref={box}
        id={`words-${contact.contact_id}`}
        className={css.words}
        role="log"
        aria-live="off"
        aria-label={t("pane.words")}
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          atFoot.current = scrollHeight - scrollTop - clientHeight < 60;
        }}
      >
        {lines.length === 0 && <p className={css.soft}>{t("pane.noWords")}</p>}
        {lines.map((one) => <WordLine key={one.id} line={one} contact={contact} />)}
      </div>
      <Announcer lines={lines} />
    </>
  );
}

function useSpeakers(): Record<Line["speaker"], string> {
  const { t } = useTranslation("desk");
  const { user } = useDesk();
  return { customer: t("who.customer"), bot: t("who.bot"), agent: user.display_name || user.name };
}

function WordLine({ line, contact }: { line: Line; contact: Contact }) {
  const { t, i18n } = useTranslation("desk");
  const names = useSpeakers();
  const unsure = line.confidence !== null && line.confidence < SURE;
  return (
    <article className={css.line} data-by={line.speaker} data-partial={line.partial}>
      <header>
        <b>{line.speaker === "customer" && contact.customer_name ? contact.customer_name : names[line.speaker]}</b>
        <time dateTime={line.at}>{timeOfDay(line.at, i18n.language)}</time>
        {line.emotion && <EmotionWord label={line.emotion.label} frustration={line.emotion.frustration ?? null} />}
        {line.emotion?.disagreement ? <span>{t(`disagreement.${line.emotion.disagreement}`)}</span> : null}
        {line.typed && <span>{t("line.typed")}</span>}
        {line.cut && <span>{t("line.cut")}</span>}
        {line.confidence !== null && !line.typed && (
          <span className={unsure ? css.soon : ""}>{t("line.confidence", { percent: Math.round(100 * line.confidence) })}</span>
        )}
      </header>
      {line.attachment && <SentPicture conversation={contact.conversation_id} attachment={line.attachment.attachment_id} />}
      {line.text && <p lang={line.language || undefined}>{unsure ? <span className={css.doubt}>{line.text}</span> : line.text}</p>}
    </article>
  );
}

function SentPicture({ conversation, attachment }: { conversation: string; attachment: string }) {
  const { t } = useTranslation("desk");
  const url = useAttachment(conversation, attachment);
  if (url === null) return <p className={css.soft}>{t("app.loading")}</p>;
  if (url === "") return <p className={css.soft}>{t("pane.noPicture")}</p>;
  return <a href={url} target="_blank" rel="noreferrer"><img src={url} alt={t("pane.picture")} /></a>;
}

/** A live region of its own: what appears in the log letter by letter would be unbearable to listen to. */
function Announcer({ lines }: { lines: Line[] }) {
  const names = useSpeakers();
  const latest = useRef({ lines, names });
  latest.current = { lines, names };
  const [spoken, setSpoken] = useState(NOTHING);
  useEffect(() => {
    const timer = window.setInterval(
      () => setSpoken((before) => batch(before, latest.current.lines, (line) => latest.current.names[line.speaker])),
      BATCH_MS,
    );
    return () => window.clearInterval(timer);
  }, []);
  return <VisuallyHidden aria-live="polite">{spoken.text}</VisuallyHidden>;
}
