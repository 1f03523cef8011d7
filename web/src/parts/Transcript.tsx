/** The words of both sides, growing at the foot; stays where the reader scrolled to. */

import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { clock, timeOfDay } from "../lib/format";
import type { Line, Speaker } from "../lib/transcript";
import { Evidence, EmotionTag } from "./EmotionTag";

type Props = {
  lines: Line[];
  empty: string;
  names: Record<Speaker, string>;
  mine: Speaker;
  /** Emotions, sources and doubts: for the desk, not for the caller. */
  detail?: boolean;
  follow?: boolean;
  onSeek?: ((ms: number) => void) | undefined;
};

export function Transcript({ lines, empty, names, mine, detail = false, follow = true, onSeek }: Props) {
  const { t, i18n } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const atFoot = useRef(true);
  const tail = lines.at(-1);

  useEffect(() => {
    if (follow && atFoot.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, lines.length, tail?.text]);

  return (
    <div
      ref={box}
      className={follow ? "transcript scrolls" : "transcript"}
      role="log"
      aria-live="polite"
      tabIndex={0}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        atFoot.current = scrollHeight - scrollTop - clientHeight < 60;
      }}
    >
      {lines.length === 0 && <p className="empty">{empty}</p>}
      {lines.map((line) => (
        <article key={line.id} className={`line ${line.speaker === mine ? "mine" : "theirs"} by-${line.speaker}${line.partial ? " partial" : ""}`}>
          <header>
            <b>{names[line.speaker]}</b>
            {onSeek && line.t0_ms !== null ? (
              <button type="button" className="time" onClick={() => onSeek(line.t0_ms ?? 0)}>
                {clock(line.t0_ms)}
              </button>
            ) : (
              <time dateTime={line.at}>{timeOfDay(line.at, i18n.language)}</time>
            )}
            {detail && line.emotion && <EmotionTag emotion={line.emotion} />}
            {line.typed && <span className="tag">{t("line.typed")}</span>}
            {line.cut && <span className="tag">{t("line.cut")}</span>}
          </header>
          <p lang={line.language || undefined}>{line.text}</p>
          {detail && line.emotion?.evidence?.length ? <Evidence sentences={line.emotion.evidence} /> : null}
          {detail && (line.article || (line.confidence !== null && line.confidence < 0.6)) && (
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
