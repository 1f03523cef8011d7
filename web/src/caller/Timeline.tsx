/** The conversation: captions of the call, what was written, pictures, and what happened, in one list. */

import { Anchor, Badge, Text } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { timeOfDay } from "../lib/format";
import type { Line, Picture, Speaker } from "../lib/transcript";
import { useAttachment } from "../lib/useAttachment";
import type { Kept } from "../lib/kept";
import css from "./caller.module.css";
import { timeline } from "./timeline";

export function Timeline({ picture, kept, foot }: { picture: Picture; kept: Kept; foot?: React.ReactNode }) {
  const { t, i18n } = useTranslation("caller");
  const box = useRef<HTMLDivElement>(null);
  const atFoot = useRef(true);
  const items = useMemo(() => timeline(picture), [picture]);
  const names: Record<Speaker, string> = {
    customer: t("caller.you"),
    bot: t("caller.assistant"),
    agent: picture.phase.name === "agent" ? picture.phase.agent : t("caller.agent"),
  };
  const stick = () => {
    if (atFoot.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  useEffect(stick);
  useEffect(() => {
    if (!box.current) return undefined;
    const watch = new ResizeObserver(stick); // a keyboard that opens, a telephone that is turned
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);

  return (
    <div
      ref={box}
      className={css["timeline"]}
      role="log"
      aria-live="polite"
      aria-label={t("caller.captions")}
      tabIndex={0}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        atFoot.current = scrollHeight - scrollTop - clientHeight < 60;
      }}
    >
      {items.length === 0 && <Text c="dimmed" ta="center" m="auto" maw="26em">{t("caller.captionsEmpty")}</Text>}
      {items.map((item) =>
        item.kind === "note" ? (
          <p key={`note-${item.id}`} className={css["note"]}>
            <time dateTime={item.at}>{timeOfDay(item.at, i18n.language).slice(0, 5)}</time> {t(`note.${item.text}`, item.values)}
          </p>
        ) : (
          <Said key={item.line.id} line={item.line} name={names[item.line.speaker]} kept={kept} onGrown={stick} />
        ),
      )}
      {foot}
    </div>
  );
}

function Said({ line, name, kept, onGrown }: { line: Line; name: string; kept: Kept; onGrown: () => void }) {
  const { t, i18n } = useTranslation("caller");
  return (
    <article className={css["line"]} data-by={line.speaker} data-partial={line.partial || undefined}>
      <header>
        <b>{name}</b>
        <time dateTime={line.at}>{timeOfDay(line.at, i18n.language).slice(0, 5)}</time>
        {line.typed && !line.attachment && <Badge size="xs" variant="default" fw={500} tt="none">{t("line.typed")}</Badge>}
        {line.cut && <Badge size="xs" variant="default" fw={500} tt="none">{t("line.cut")}</Badge>}
      </header>
      {line.attachment && <Shown id={line.attachment.attachment_id} size={line.attachment} kept={kept} onGrown={onGrown} />}
      {line.text && <p lang={line.language || undefined}>{line.text}</p>}
    </article>
  );
}

function Shown({ id, size, kept, onGrown }: { id: string; size: { width: number; height: number }; kept: Kept; onGrown: () => void }) {
  const { t } = useTranslation("caller");
  const url = useAttachment(kept.conversation, id, kept.token);
  if (url === "") return <p>{t("upload.gone")}</p>;
  const shape = size.width > 0 && size.height > 0 ? { aspectRatio: `${size.width} / ${size.height}` } : {};
  return (
    <Anchor href={url ?? undefined} target="_blank" rel="noopener" className={css["shown"]!} style={shape}>
      {url && <img src={url} alt={t("upload.picture")} onLoad={onGrown} />}
    </Anchor>
  );
}
