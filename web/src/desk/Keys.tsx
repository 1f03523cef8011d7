import { keysOf } from "./keymap";

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A combination as printed on the keys. */
export function Keys({ combo }: { combo: string }) {
  return <>{keysOf(combo, MAC).join(MAC ? "" : "+")}</>;
}
