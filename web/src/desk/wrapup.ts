/** The wrap-up form: suggestions fill what the agent has not touched, and never overwrite what they typed. */

export type Suggestion = { summary: string; disposition: string; follow_up: string };
export type Field = "summary" | "disposition" | "follow_up" | "notes";
export type Draft = Record<Field, string> & { touched: Field[]; suggested: Suggestion | null };

export const BLANK: Draft = { summary: "", disposition: "", follow_up: "", notes: "", touched: [], suggested: null };

/** Outcomes when the server names none: those of flows/dispositions.yaml. */
export const OUTCOMES = ["solved", "follow_up", "unsolved", "transferred", "abandoned", "wrong_number"] as const;

/** The agent changed a field. */
export function edit(draft: Draft, field: Field, value: string): Draft {
  return { ...draft, [field]: value, touched: draft.touched.includes(field) ? draft.touched : [...draft.touched, field] };
}

/** A suggestion came (or a better one): untouched fields take it. */
export function suggest(draft: Draft, suggestion: Suggestion): Draft {
  const next = { ...draft, suggested: suggestion };
  for (const field of ["summary", "disposition", "follow_up"] as const) {
    if (!draft.touched.includes(field)) next[field] = suggestion[field];
  }
  return next;
}

/** Back to what was suggested. */
export function restore(draft: Draft, field: keyof Suggestion): Draft {
  return { ...draft, [field]: draft.suggested?.[field] ?? "", touched: draft.touched.filter((one) => one !== field) };
}

/** One more line of notes, as from a suggestion that is to be kept. */
export function note(draft: Draft, text: string): Draft {
  return edit(draft, "notes", draft.notes.trim() ? `${draft.notes.trimEnd()}\n${text}` : text);
}

/** May it be finished? The outcome is the one thing asked for. */
export function ready(draft: Draft): boolean {
  return draft.disposition.trim() !== "";
}

export function parseDraft(stored: string | null): Draft {
  try {
    const found = JSON.parse(stored ?? "null") as Partial<Draft> | null;
    return found && typeof found === "object" ? { ...BLANK, ...found } : BLANK;
  } catch {
    return BLANK;
  }
}

/** What the server takes. An empty field is left out, and the suggestion kept, unless the agent emptied it. */
export function payload(draft: Draft): { disposition: string; notes: string; summary?: string; follow_up?: string } {
  return {
    disposition: draft.disposition,
    notes: draft.notes.trim(),
    ...(draft.summary.trim() || draft.touched.includes("summary") ? { summary: draft.summary.trim() } : {}),
    ...(draft.follow_up.trim() || draft.touched.includes("follow_up") ? { follow_up: draft.follow_up.trim() } : {}),
  };
}
