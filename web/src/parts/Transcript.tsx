/** The words of both sides of a conversation that is read afterwards: with emotions, sources and doubts. */

import { Badge, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { clock, timeOfDay } from "../lib/format";
import type { Line, Speaker } from "../lib/transcript";
import { useAttachment } from "../lib/useAttachment";
import { Evidence, EmotionTag } from "./EmotionTag";
import css from "./parts.module.css";

type Props = {
  conversation: string;
  lines: Line[];
  empty: string;
  names: Record<Speaker, string>;
  onSeek?: ((ms: number) => void) | undefined;
};

export function Transcript({ conversation, lines, empty, names, onSeek }: Props) {
  const { t, i18n } = useTranslation();
  if (lines.length === 0) return <Text c="dimmed">{empty}</Text>;
  return (
    <div className={css["transcript"]} role="log" aria-live="polite">
      {lines.map((line) => (
        <article key={line.id} className={css["line"]} data-by={line.speaker} data-partial={line.partial || undefined}>
          <header>
            <b>{names[line.speaker]}</b>
            {onSeek && line.t0_ms !== null ? (
              <button type="button" className={css["seek"]} onClick={() => onSeek(line.t0_ms ?? 0)}>
                {clock(line.t0_ms)}
              </button>
            ) : (
              <time dateTime={line.at}>{timeOfDay(line.at, i18n.language)}</time>
            )}
            {line.emotion && <EmotionTag emotion={line.emotion} />}
            {line.typed && <Badge size="xs" variant="default" fw={500} tt="none">{t("line.typed")}</Badge>}
            {line.cut && <Badge size="xs" variant="default" fw={500} tt="none">{t("line.cut")}</Badge>}
          </header>
          {line.attachment && <Shown conversation={conversation} id={line.attachment.attachment_id} />}
          {line.text && <p lang={line.language || undefined}>{line.text}</p>}
          {line.emotion?.evidence?.length ? <Evidence sentences={line.emotion.evidence} /> : null}
          {(line.article || (line.confidence !== null && line.confidence < 0.6)) && (
            <footer>
              {line.article && t("line.source", { article: line.article })}
              {line.confidence !== null && line.confidence < 0.6 && t("line.confidence", { percent: Math.round(line.confidence * 100) })}
            </footer>
          )}
        </article>
      ))}
    </div>
  );
}

function Shown({ conversation, id }: { conversation: string; id: string }) {
  const { t } = useTranslation();
  const url = useAttachment(conversation, id);
  if (url === "") return <p>{t("line.pictureGone")}</p>;
  return url ? <img className={css["shown"]} src={url} alt={t("line.picture")} /> : null;
}
