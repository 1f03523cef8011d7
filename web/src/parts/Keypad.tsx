/** Twelve keys; the number keys of the keyboard work too while it is open. */

import { useEffect } from "react";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function Keypad({ onKey }: { onKey: (digit: string) => void }) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (KEYS.includes(event.key) && !/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) onKey(event.key);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [onKey]);
  return (
    <div className="keypad">
      {KEYS.map((key) => (
        <button key={key} type="button" onClick={() => onKey(key)}>
          {key}
        </button>
      ))}
    </div>
  );
}
