/** The keyboard map: which keys mean which command. Rebindable, kept in this browser. */

export const COMMANDS = [
  "accept", "decline", "hold", "mute", "transfer", "consult", "conference", "keypad", "end", "finish", "insert", "dismiss",
  "transcript", "pause", "palette", "help", "supervisor",
  "card1", "card2", "card3", "card4", "card5", "card6", "card7", "card8", "card9",
] as const; // prettier-ignore
export type Command = (typeof COMMANDS)[number];
export type Keymap = Record<Command, string>;

export const DEFAULTS: Keymap = {
  accept: "Alt+KeyA",
  decline: "Alt+KeyD",
  hold: "Alt+KeyH",
  mute: "Alt+KeyM",
  transfer: "Alt+KeyT",
  consult: "Alt+KeyC",
  conference: "Alt+Digit3",
  keypad: "Alt+KeyK",
  end: "Alt+KeyE",
  finish: "Alt+KeyW",
  insert: "Alt+KeyS",
  dismiss: "Alt+KeyX",
  transcript: "Alt+KeyU",
  pause: "Alt+KeyP",
  palette: "Mod+KeyK",
  help: "?",
  supervisor: "F8",
  card1: "Alt+Digit1",
  card2: "Alt+Digit2",
  card3: "Alt+Digit3",
  card4: "Alt+Digit4",
  card5: "Alt+Digit5",
  card6: "Alt+Digit6",
  card7: "Alt+Digit7",
  card8: "Alt+Digit8",
  card9: "Alt+Digit9",
};

/** What of a keyboard event decides. */
export type Press = Pick<KeyboardEvent, "code" | "key" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">;

const STORED = "warmline.keys";
const MODIFIERS = /^(Alt|Control|Meta|Shift|AltGraph|OS|CapsLock)/;
const BARE = /^(F\d{1,2}|\?)$/;
/** Taken by browsers or the system: pages get them late or never. */
const RESERVED = new Set([
  "Mod+KeyW", "Mod+KeyT", "Mod+KeyN", "Mod+KeyR", "Mod+KeyL", "Mod+KeyQ", "Mod+KeyP", "Mod+KeyS", "Mod+KeyF", "Mod+KeyC", "Mod+KeyV",
  "Mod+KeyX", "Mod+KeyA", "Mod+KeyZ", "Mod+Shift+KeyT", "Mod+Shift+KeyN", "Mod+Shift+KeyI", "Alt+F4", "Alt+ArrowLeft", "Alt+ArrowRight",
  "F1", "F5", "F6", "F11", "F12",
]); // prettier-ignore

/**
 * A key press as a combination: "Alt+KeyA" (by place on the keyboard, so that Alt+A is Alt+A in every layout), "Mod+KeyK"
 * (Ctrl, or ⌘ on a Mac), or a bare key by what it prints ("?", "F8"). "" for a modifier alone.
 */
export function combination(press: Press): string {
  if (MODIFIERS.test(press.key)) return "";
  const mod = press.ctrlKey || press.metaKey;
  if (!mod && !press.altKey) return press.key.length === 1 ? press.key.toUpperCase() : press.key;
  return [mod ? "Mod" : "", press.altKey ? "Alt" : "", press.shiftKey ? "Shift" : "", press.code].filter(Boolean).join("+");
}

/** A combination that prints a character: never taken while a text box has the focus. */
export function printsText(combo: string): boolean {
  return !combo.includes("+") ? !/^F\d{1,2}$/.test(combo) : combo === "+";
}

/**
 * The command of a key press, the first that fits; null when there is none. `typing`: a text box has the focus.
 * Two commands may share keys when at most one of them fits at a time (Alt+3: conference during a consult, else the third card).
 */
export function commandOf(press: Press, keymap: Keymap, typing: boolean, fits: (command: Command) => boolean): Command | null {
  const combo = combination(press);
  if (!combo || (typing && printsText(combo))) return null;
  return COMMANDS.find((command) => keymap[command] === combo && fits(command)) ?? null;
}

export type Refusal = "bare" | "reserved" | { taken: Command };

/** Why `command` may not be bound to `combo`; null when it may. */
export function refusal(keymap: Keymap, command: Command, combo: string): Refusal | null {
  if (!combo.includes("+") && !BARE.test(combo)) return "bare";
  if (RESERVED.has(combo)) return "reserved";
  const taken = COMMANDS.find((other) => other !== command && keymap[other] === combo);
  return taken && DEFAULTS[taken] !== DEFAULTS[command] ? { taken } : null;
}

/** The map with what this browser remembers; anything unknown or refused is left out. */
export function parseKeymap(stored: string | null): Keymap {
  const keymap = { ...DEFAULTS };
  try {
    const found: unknown = JSON.parse(stored ?? "{}");
    if (typeof found !== "object" || found === null) return keymap;
    for (const command of COMMANDS) {
      const combo = (found as Record<string, unknown>)[command];
      if (typeof combo === "string" && refusal(keymap, command, combo) === null) keymap[command] = combo;
    }
  } catch {
    // What cannot be read is as if it were not there.
  }
  return keymap;
}

/** Only what differs from the defaults, so that better defaults reach everybody. */
export function storedKeymap(keymap: Keymap): string {
  return JSON.stringify(Object.fromEntries(COMMANDS.filter((one) => keymap[one] !== DEFAULTS[one]).map((one) => [one, keymap[one]])));
}

export function loadKeymap(): Keymap {
  return parseKeymap(window.localStorage.getItem(STORED));
}

export function saveKeymap(keymap: Keymap): void {
  window.localStorage.setItem(STORED, storedKeymap(keymap));
}

/** The keys of a combination as printed on them: ["Alt", "A"]. */
export function keysOf(combo: string, mac: boolean): string[] {
  if (combo === "+" || !combo.includes("+")) return [combo];
  return combo.split("+").map((part) => {
    if (part === "Mod") return mac ? "⌘" : "Ctrl";
    if (part === "Alt") return mac ? "⌥" : "Alt";
    if (part === "Shift") return mac ? "⇧" : "Shift";
    return part.replace(/^(Key|Digit|Numpad|Arrow)/, "");
  });
}

/** Does this element take typed text? */
export function takesText(target: EventTarget | null): boolean {
  if (typeof HTMLElement === "undefined" || !(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target instanceof HTMLInputElement && !/^(button|checkbox|radio|range|submit|reset|file|color)$/.test(target.type);
}
