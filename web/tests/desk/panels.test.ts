import { describe, expect, it, vi } from "vitest";
import { inserted, outcome, shownCards, topCard } from "../../src/desk/assist";
import { titleIn } from "../../src/desk/catalogue";
import { delayOf } from "../../src/desk/concern";
import { points } from "../../src/desk/emotionCurve";
import { holdLock, isElsewhere, verdict } from "../../src/desk/held";
import type { Card } from "../../src/desk/panelTypes";
import { choices, mayConsult, typed } from "../../src/desk/targets";
import { contact, event, line, party } from "./make";

const card = (kind: Card["kind"], score: number, text = "Fees may be refunded at once."): Card => ({
  card_id: `${kind}-${score}`,
  kind,
  title: "",
  text,
  source: { kind: "article", id: "a", version: "1", title: "" },
  score,
  shown_at: "2026-01-01T00:00:00Z",
  language: "en",
});

describe("suggestions", () => {
  const cards = [card("knowledge", 0.9), card("knowledge", 0.4), card("comfort", 0.1), card("next_step", 0.2)];
  it("are three at most, comfort first", () => {
    expect(shownCards(cards).map((one) => one.kind)).toEqual(["comfort", "next_step", "knowledge"]);
  });
  it("the one that is inserted is no comfort script, if there is another", () => {
    expect(topCard(cards)?.kind).toBe("next_step");
    expect(topCard([card("comfort", 1)])?.kind).toBe("comfort");
    expect(topCard([])).toBeNull();
  });
  it("go after what was typed, and what became of them is known when it is sent", () => {
    const one = card("knowledge", 1);
    expect(inserted("Hello. ", one)).toBe("Hello. Fees may be refunded at once.");
    expect(outcome("Hello. Fees may be refunded at once.", one)).toBe("same");
    expect(outcome("Such fees may be refunded by me at once!", one)).toBe("edited");
    expect(outcome("Goodbye.", one)).toBe("gone");
    expect(outcome("费用可以当场退还给您", card("knowledge", 1, "费用可以当场退还"))).toBe("same");
    expect(outcome("这笔费用可以退还", card("knowledge", 1, "费用可以当场退还"))).toBe("edited");
  });
});

describe("whom to transfer to", () => {
  it("may be typed as a number or an address", () => {
    expect(typed("+44 (20) 7946-0007")).toMatchObject({ kind: "number", to: "+442079460007" });
    expect(typed("sip:bea@example.org")?.kind).toBe("sip");
    for (const nothing of ["bea", "12", "", "sip:bea", "+"]) expect(typed(nothing), nothing).toBeNull();
  });
  it("lists what was typed first, then who is free", () => {
    const bea = { kind: "agent" as const, to: "bea", name: "Bea", state: "busy" as const, detail: "" };
    const carl = { ...bea, to: "carl", name: "Carl", state: "free" as const };
    expect(choices([bea, carl], "+4420794600").map((one) => one.to)).toEqual(["+4420794600", "carl", "bea"]);
    expect(choices([{ ...bea, kind: "number", to: "112" }], "112").length).toBe(1);
    expect(mayConsult({ ...bea, kind: "flow" })).toBe(false);
  });
});

describe("a call whose sound is not in this page", () => {
  const me = (state: "connected" | "away") => contact({ parties: [party({ party_id: "m", me: true, state })] });
  const now = { wasMine: false, others: false, otherTab: false, permitted: true, tries: 0 };
  it("is joined again after a reload, at once where the microphone is allowed", () => {
    expect(verdict(me("away"), now)).toBe("rejoin");
    expect(verdict(me("connected"), { ...now, wasMine: true })).toBe("rejoin"); // the server has not noticed yet
    expect(verdict(me("away"), { ...now, permitted: false })).toBe("offer");
    expect(verdict(me("away"), { ...now, tries: 3 })).toBe("offer");
  });
  it("is not another tab's while the browser is still letting go of our own lock", async () => {
    const held: { name: string }[] = [];
    const request = async (name: string, _how: unknown, work: () => Promise<void>) => {
      held.push({ name });
      await work();
      await new Promise((resolve) => setTimeout(resolve)); // the browser takes its time
      held.pop();
    };
    vi.stubGlobal("navigator", { locks: { request, query: async () => ({ held: [...held] }) } });
    const unlock = holdLock("one");
    expect(await isElsewhere("one")).toBe(true);
    unlock();
    expect(await isElsewhere("one")).toBe(false);
    vi.unstubAllGlobals();
  });
  it("waits for a click when it is another page's, which may only be loading again", () => {
    expect(verdict(me("away"), { ...now, others: true })).toBe("offer");
    expect(verdict(me("connected"), { ...now, others: true })).toBe("elsewhere");
  });
  it("is left where it is while another tab or machine carries it", () => {
    expect(verdict(me("connected"), now)).toBe("elsewhere");
    expect(verdict(me("away"), { ...now, otherTab: true })).toBe("elsewhere");
  });
});

describe("live events", () => {
  it("make the page ask at once when they are about me, later when they are about others, and never for words", () => {
    const delay = (type: string, payload = {}, mine = ["conversation"]) => delayOf(event(type, payload), mine, "me");
    expect(delay("hold")).toBeLessThan(100);
    expect(delay("affect")).toBeLessThan(100);
    expect(delay("agent.state", { user_id: "me" }, [])).toBeLessThan(100);
    expect(delay("queue.offered", { user_id: "other" }, [])).toBeLessThan(100);
    expect(delay("queue.position", {}, [])).toBeGreaterThan(1000);
    expect([delay("utterance.partial"), delay("affect", {}, []), delay("hold", {}, [])]).toEqual([null, null, null]);
  });
});

describe("small things", () => {
  it("a title comes in the reader's language, or in one that there is", () => {
    expect(titleIn({ en: "Billing", "zh-CN": "账务" }, "zh-CN", "x")).toBe("账务");
    expect(titleIn({ en: "Billing", zh: "账务" }, "zh-CN", "x")).toBe("账务");
    expect(titleIn({ de: "Konto" }, "en", "x")).toBe("Konto");
    expect(titleIn({}, "en", "x")).toBe("x");
  });
  it("the curve goes up with pleasure, by the customer's lines alone", () => {
    const felt = (id: string, valence: number, label: "angry" | "content" | "unknown" = "angry") => ({
      ...line(id, id),
      emotion: { label, valence, arousal: 0, confidence: 1 },
    });
    const curve = points([felt("a", -1), felt("b", 1, "content"), felt("c", 0, "unknown"), { ...felt("d", 1), speaker: "agent" as const }], 100, 30);
    expect(curve.map((one) => [one.x, one.y])).toEqual([[5, 25], [95, 5]]);
    expect(points([felt("a", 5)], 100, 30)[0]?.y).toBe(5);
  });
});
