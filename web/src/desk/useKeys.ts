/** The keyboard map at work. */

import { useEffect, useRef } from "react";
import { commandOf, takesText, type Command, type Keymap } from "./keymap";

export type Handlers = Partial<Record<Command, () => void>>;

/** A command without a handler does not fit now; its keys are left alone. */
export function useKeys(keymap: Keymap, handlers: Handlers): void {
  const now = useRef({ keymap, handlers });
  now.current = { keymap, handlers };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { keymap: map, handlers: fit } = now.current;
      const command = commandOf(event, map, takesText(event.target), (one) => fit[one] !== undefined);
      if (!command) return;
      event.preventDefault();
      if (!event.repeat) fit[command]?.();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
