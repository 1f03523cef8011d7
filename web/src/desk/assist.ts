/** Suggestion cards: what is shown, and what becomes of one. */

import type { Card } from "./panelTypes";

export const MOST = 3;
const RANK = { comfort: 0, next_step: 1, knowledge: 2 } as const;

/** The cards on the screen: comfort first, then by score; at most three. */
export function shownCards(cards: Card[]): Card[] {
  return [...cards].sort((a, b) => RANK[a.kind] - RANK[b.kind] || b.score - a.score).slice(0, MOST);
}

/** The suggestion that Alt+S inserts: the best that is no comfort script unless there is nothing else. */
export function topCard(cards: Card[]): Card | null {
  const shown = shownCards(cards);
  return shown.find((one) => one.kind !== "comfort") ?? shown[0] ?? null;
}

/** The box's text with a suggestion put after what stands there. */
export function inserted(text: string, card: Card): string {
  return text.trim() ? `${text.trimEnd()} ${card.text}` : card.text;
}

/** What was sent, compared with the suggestion in it: sent as it was, changed, or gone. */
export function outcome(sent: string, card: Card): "same" | "edited" | "gone" {
  if (sent.includes(card.text)) return "same";
  const words = new Set(card.text.toLowerCase().split(/\s+|(?<=[\u4e00-\u9fff])/u));
  const kept = sent.toLowerCase().split(/\s+|(?<=[\u4e00-\u9fff])/u).filter((word) => words.has(word)).length;
  return kept >= words.size / 3 ? "edited" : "gone";
}
