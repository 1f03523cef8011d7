/** Which live events make the page ask the server how things are, and how soon. */

import type { StoredEvent } from "../api";

const OF_MINE = /^(agent\.|queue\.|contact\.|conversation\.|customer\.|hold|mute|park|party\.|leg\.|transfer\.|consult|recording|supervise\.|affect|consent)/;
const OF_ALL = /^(agent\.|queue\.|park|contact\.)/;
/** ms; several events of one act come together. */
const OWN_MS = 60;
/** ms; a busy centre has many events a second, of which my queues' numbers are all that shows. */
const OTHERS_MS = 1500;

/** ms until the page asks, null when the event changes nothing on it. `mine`: conversations of my contacts and offers. */
export function delayOf(event: StoredEvent, mine: string[], me: string): number | null {
  const named = event.payload["user_id"] === me || event.payload["agent_id"] === me;
  if (named || mine.includes(event.conversation_id)) return named || OF_MINE.test(event.type) ? OWN_MS : null;
  if (event.type === "queue.offered") return OWN_MS; // perhaps to me
  return OF_ALL.test(event.type) ? OTHERS_MS : null;
}
