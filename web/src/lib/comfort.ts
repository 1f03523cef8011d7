/** What somebody needs to read and to follow: kept on their device, the same on every page and at every visit. */

import { useSyncExternalStore } from "react";

export type Comfort = {
  /** Everything larger by a good third. */
  large: boolean;
  /** The assistant speaks slower. */
  slow: boolean;
};

const KEY = "warmline.comfort";
const watchers = new Set<() => void>();
let now: Comfort = read();

function read(): Comfort {
  try {
    const kept = JSON.parse(window.localStorage.getItem(KEY) ?? "{}") as Partial<Comfort>;
    return { large: kept.large === true, slow: kept.slow === true };
  } catch {
    return { large: false, slow: false };
  }
}

function show(): void {
  document.documentElement.toggleAttribute("data-large", now.large);
}
show();

/** Change one and keep it. */
export function setComfort(change: Partial<Comfort>): void {
  now = { ...now, ...change };
  window.localStorage.setItem(KEY, JSON.stringify(now));
  show();
  watchers.forEach((watcher) => watcher());
}

/** As it is now; the component is drawn anew when it changes. */
export function useComfort(): Comfort {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => now,
  );
}
