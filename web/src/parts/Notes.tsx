import { useTranslation } from "react-i18next";
import { detail, title } from "../lib/describe";
import { timeOfDay } from "../lib/format";
import type { Note } from "../lib/transcript";
import css from "./parts.module.css";

export function Notes({ notes }: { notes: Note[] }) {
  const { t, i18n } = useTranslation("history");
  return (
    <ol className={css["notes"]}>
      {notes.map((note) => {
        const more = detail(note);
        return (
          <li key={note.id}>
            <time dateTime={note.at}>{timeOfDay(note.at, i18n.language)}</time>
            <div>
              {title(note, t as (key: string, values?: Record<string, unknown>) => string)}
              {more && <small>{more}</small>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
