/** What was typed and not sent, per contact; kept over a reload of this tab. */

import { useCallback, useMemo, useState } from "react";
import { BLANK, parseDraft, type Draft } from "./wrapup";

export type Drafts = {
  text: (contact: string) => string;
  write: (contact: string, text: string) => void;
  wrap: (contact: string) => Draft;
  change: (contact: string, change: (draft: Draft) => Draft) => void;
  forget: (contact: string) => void;
};

const keyOf = (contact: string) => `warmline.draft.${contact}`;
const TEXTS = "warmline.unsent";

function unsentBefore(): Record<string, string> {
  try {
    const found: unknown = JSON.parse(window.sessionStorage.getItem(TEXTS) ?? "{}");
    if (typeof found !== "object" || found === null) return {};
    return Object.fromEntries(Object.entries(found).filter((one): one is [string, string] => typeof one[1] === "string"));
  } catch {
    return {};
  }
}

export function useDrafts(): Drafts {
  const [texts, setTexts] = useState<Record<string, string>>(unsentBefore);
  const [wraps, setWraps] = useState<Record<string, Draft>>({});
  const stored = useCallback((contact: string) => parseDraft(window.sessionStorage.getItem(keyOf(contact))), []);
  return useMemo(
    () => ({
      text: (contact) => texts[contact] ?? "",
      write: (contact, text) =>
        setTexts(({ [contact]: _before, ...rest }) => {
          const next = text ? { ...rest, [contact]: text } : rest;
          window.sessionStorage.setItem(TEXTS, JSON.stringify(next));
          return next;
        }),
      wrap: (contact) => wraps[contact] ?? stored(contact),
      change: (contact, change) =>
        setWraps((all) => {
          const next = change(all[contact] ?? stored(contact));
          window.sessionStorage.setItem(keyOf(contact), JSON.stringify(next));
          return { ...all, [contact]: next };
        }),
      forget: (contact) => {
        window.sessionStorage.removeItem(keyOf(contact));
        setWraps((all) => ({ ...all, [contact]: BLANK }));
      },
    }),
    [texts, wraps, stored],
  );
}
