import { describe, expect, it } from "vitest";
import { combination, commandOf, COMMANDS, DEFAULTS, keysOf, parseKeymap, refusal, storedKeymap, type Press } from "../../src/desk/keymap";

const press = (code: string, key: string, more: Partial<Press> = {}): Press => ({
  code, key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more,
}); // prettier-ignore
const always = () => true;

describe("the keyboard map", () => {
  it("goes by the place of a key, whatever it prints with Alt", () => {
    expect(combination(press("KeyA", "å", { altKey: true }))).toBe("Alt+KeyA");
    expect(commandOf(press("KeyA", "å", { altKey: true }), DEFAULTS, true, always)).toBe("accept");
    expect(combination(press("AltLeft", "Alt", { altKey: true }))).toBe("");
  });
  it("never takes a bare character while text is typed", () => {
    const help = press("Slash", "?", { shiftKey: true });
    expect(commandOf(help, DEFAULTS, false, always)).toBe("help");
    expect(commandOf(help, DEFAULTS, true, always)).toBeNull();
    for (const command of COMMANDS) {
      const combo = DEFAULTS[command];
      expect(combo.includes("+") || combo === "?" || combo === "F8", command).toBe(true);
    }
  });
  it("opens the palette with Ctrl and with ⌘; AltGr is no Alt", () => {
    expect(commandOf(press("KeyK", "k", { ctrlKey: true }), DEFAULTS, true, always)).toBe("palette");
    expect(commandOf(press("KeyK", "k", { metaKey: true }), DEFAULTS, true, always)).toBe("palette");
    expect(commandOf(press("KeyE", "€", { ctrlKey: true, altKey: true }), DEFAULTS, true, always)).toBeNull();
  });
  it("gives shared keys to the command that fits", () => {
    const three = press("Digit3", "3", { altKey: true });
    expect(commandOf(three, DEFAULTS, false, always)).toBe("conference");
    expect(commandOf(three, DEFAULTS, false, (command) => command !== "conference")).toBe("card3");
    expect(commandOf(three, DEFAULTS, false, () => false)).toBeNull();
  });
  it("refuses bare letters, what browsers keep and what is taken", () => {
    expect(refusal(DEFAULTS, "hold", "H")).toBe("bare");
    expect(refusal(DEFAULTS, "hold", "Mod+KeyW")).toBe("reserved");
    expect(refusal(DEFAULTS, "hold", "Alt+KeyM")).toEqual({ taken: "mute" });
    expect(refusal(DEFAULTS, "hold", "Alt+KeyJ")).toBeNull();
    expect(refusal(DEFAULTS, "hold", "F9")).toBeNull();
    expect(refusal(DEFAULTS, "card3", "Alt+Digit3")).toBeNull();
  });
  it("is kept as what differs, and read with care", () => {
    const mine = { ...DEFAULTS, hold: "Alt+KeyJ" };
    expect(storedKeymap(mine)).toBe('{"hold":"Alt+KeyJ"}');
    expect(parseKeymap(storedKeymap(mine))).toEqual(mine);
    expect(parseKeymap('{"hold":"h","nothing":"Alt+KeyQ","mute":3}')).toEqual(DEFAULTS);
    for (const bad of ["{", "null", "[]", null]) expect(parseKeymap(bad)).toEqual(DEFAULTS);
  });
  it("is shown as printed on the keys", () => {
    expect(keysOf("Mod+Alt+KeyK", false)).toEqual(["Ctrl", "Alt", "K"]);
    expect(keysOf("Mod+Digit3", true)).toEqual(["⌘", "3"]);
    expect(keysOf("?", false)).toEqual(["?"]);
  });
});
