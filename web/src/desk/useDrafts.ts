/** What was typed and not sent, per contact; kept over a reload of this tab. */

import { useCallback, useMemo, useState } from "react";
import { BLANK, parseDraft, type Draft } from "./wrapup";

export type Drafts = {
  /** Written messages that were not sent. */
  unsent: Record<string, string>;
  text: (contact: string) => string;
  write: (contact: string, text: string) => void;
  wrap: (contact: string) => Draft;
  change: (contact: string, change: (draft: Draft) => Draft) => void;
  forget: (contact: string) => void;
};

const keyOf = (contact: string) => `warmline.draft.${contact}`;

export function useDrafts(): Drafts {
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [wraps, setWraps] = useState<Record<string, Draft>>({});
  const stored = useCallback((contact: string) => parseDraft(window.sessionStorage.getItem(keyOf(contact))), []);
  return useMemo(
    () => ({
      unsent: Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim() !== "")),
      text: (contact) => texts[contact] ?? "",
      write: (contact, text) => setTexts((all) => ({ ...all, [contact]: text })),
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
