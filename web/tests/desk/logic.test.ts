import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { consultOf, fitting, isConference, lostCalls, mayChangeDevice } from "../../src/desk/actions";
import { add, alertOf } from "../../src/desk/alerts";
import { batch, NOTHING } from "../../src/desk/announce";
import { GRACE_MS, leaseOf, Ringer, SILENT, sounds } from "../../src/desk/ringer";
import { besideContact, ordered, shownContact, unread } from "../../src/desk/roster";
import { elapsed, estimate, narrow, remaining, UNKNOWN } from "../../src/desk/serverClock";
import { slaOf, span } from "../../src/desk/slaClock";
import { BLANK, edit, note, OUTCOMES, parseDraft, payload, ready, restore, suggest } from "../../src/desk/wrapup";
import { contact, event, line, offer, party, view } from "./make";

describe("time", () => {
  it("of the server is found between the bounds that its answers give", () => {
    const late = narrow(UNKNOWN, 100_000, 40_000, 40_050); // an hour's worth of wrong clock, in small
    expect(estimate(late)).toBeGreaterThan(59_900);
    expect(estimate(late)).toBeLessThan(61_000);
    const sharper = narrow(late, 101_000, 40_900, 40_910);
    expect(sharper.high - sharper.low).toBeLessThan(late.high - late.low);
    expect(estimate(narrow(UNKNOWN, 100_000, 100_400, 100_450))).toBe(0);
    expect(narrow(late, Number.NaN, 1, 2)).toBe(late);
  });
  it("starts anew when a clock was set", () => {
    const before = narrow(UNKNOWN, 100_000, 40_000, 40_010);
    expect(estimate(narrow(before, 100_000, 100_100, 100_110))).toBe(0);
  });
  it("is never negative", () => {
    expect(elapsed("2026-01-01T00:00:05Z", Date.parse("2026-01-01T00:00:00Z"))).toBe(0);
    expect(remaining("2026-01-01T00:00:05Z", Date.parse("2026-01-01T00:00:06Z"))).toBe(0);
    expect(remaining(null, 0)).toBeNull();
  });
});

describe("the roster", () => {
  const call = contact({ contact_id: "call", since: "2026-01-01T00:00:09Z" });
  const chat = contact({ contact_id: "chat", channel: "chat", since: "2026-01-01T00:00:01Z" });
  const done = contact({ contact_id: "done", state: "acw", since: "2026-01-01T00:00:00Z" });
  it("has calls first, then chats, then after-call work", () => {
    expect(ordered([done, chat, call]).map((one) => one.contact_id)).toEqual(["call", "chat", "done"]);
  });
  it("shows what was chosen, else the call", () => {
    const all = view({ contacts: [done, chat, call] });
    expect(shownContact(all, "chat")?.contact_id).toBe("chat");
    expect(shownContact(all, "gone")?.contact_id).toBe("call");
    expect(shownContact(view({}), "chat")).toBeNull();
  });
  it("puts a call and a chat side by side, and nothing beside after-call work", () => {
    const all = view({ contacts: [done, chat, call] });
    expect(besideContact(all, call)?.contact_id).toBe("chat");
    expect(besideContact(all, chat)?.contact_id).toBe("call");
    expect(besideContact(all, done)).toBeNull();
  });
  it("counts what is not on the screen", () => {
    const once = unread({}, "chat", ["call"]);
    expect(unread(once, "chat", ["call"])).toEqual({ chat: 2 });
    expect(unread(once, "chat", ["chat"])).toEqual({ chat: 0 });
  });
});

describe("actions", () => {
  const customer = party({ party_id: "c", role: "customer" });
  const me = party({ party_id: "m", role: "agent", me: true });
  const other = party({ party_id: "o", role: "agent", name: "Bea" });
  it("of a plain call", () => {
    const fits = fitting(contact({ parties: [customer, me] }), true);
    expect([...fits].sort()).toEqual(["consult", "end", "hold", "keypad", "mute", "park", "transfer"]);
    expect(fitting(contact({ parties: [customer, me], recording: "paused" }), true).has("record")).toBe(true);
  });
  it("of a consult: swap, merge, complete, cancel; a ringing one cannot be spoken with", () => {
    const held = { ...customer, state: "held" as const };
    const talking = contact({ parties: [held, me, other], asker: "m", asked: "o" });
    expect(consultOf(talking)?.talkingTo).toBe("target");
    expect(fitting(talking, true).has("conference")).toBe(true);
    expect(fitting(talking, true).has("transfer")).toBe(false);
    const swapped = contact({ parties: [customer, me, { ...other, state: "held" as const }], asker: "m", asked: "o" });
    expect(consultOf(swapped)?.talkingTo).toBe("customer");
    const ringing = fitting(contact({ parties: [held, me, { ...other, state: "ringing" as const }], asker: "m", asked: "o" }), true);
    expect([ringing.has("swap"), ringing.has("complete"), ringing.has("cancelConsult")]).toEqual([false, true, true]);
  });
  it("of who is asked are few: the one who asks decides", () => {
    // I was there first, and am asked all the same: the order of the parties says nothing.
    const asked = contact({ parties: [{ ...customer, state: "held" as const }, me, other], asker: "o", asked: "m" });
    expect(consultOf(asked)).toBeNull();
    expect([...fitting(asked, true)]).toEqual(["end", "mute"]);
    const aside = contact({ parties: [customer, { ...me, state: "held" as const }, other, party({ party_id: "n" })], asker: "o", asked: "n" });
    expect([...fitting(aside, true)]).toEqual(["end", "mute"]);
  });
  it("of a conference member who asks a fourth: only the one who is asked is the consult's", () => {
    const third = party({ party_id: "n", state: "held" });
    const asking = contact({ parties: [{ ...customer, state: "held" as const }, other, me, third], asker: "m", asked: "o" });
    expect(consultOf(asking)?.with.party_id).toBe("o");
    const held = contact({ parties: [customer, other, me, third] });
    expect([consultOf(held), fitting(held, true).has("transfer")]).toEqual([null, true]);
  });
  it("of a conference are those of a call", () => {
    const three = contact({ parties: [customer, me, other, party({ party_id: "x", role: "supervisor", mode: "monitor" })] });
    expect([consultOf(three), isConference(three)]).toEqual([null, true]);
    expect(fitting(three, true).has("hold")).toBe(true);
  });
  it("of after-call work, of a chat, of a call that is elsewhere", () => {
    expect([...fitting(contact({ state: "acw" }), true)]).toEqual(["finish", "extend"]);
    expect(fitting(contact({ channel: "chat" }), true).has("hold")).toBe(false);
    expect(fitting(contact({ parties: [customer, me] }), false).has("rejoin")).toBe(true);
    expect(lostCalls(view({ contacts: [contact({ contact_id: "a" })] }), []).length).toBe(1);
    expect(lostCalls(view({ contacts: [contact({ contact_id: "a" })], device: "sip" }), [])).toEqual([]);
  });
  it("the device stays while a call is up", () => {
    expect(mayChangeDevice(view({ contacts: [contact({ channel: "chat" })] }))).toBe(true);
    expect(mayChangeDevice(view({ contacts: [contact({})] }))).toBe(false);
  });
});

describe("the ring", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const ringing = view({ offers: [offer({ offer_id: "o", until: "2026-01-01T00:00:20Z" })] });
  it("is for offers to this browser that nobody has dealt with", () => {
    expect(leaseOf(ringing, new Set(), now).offers).toEqual(["o"]);
    expect(leaseOf(ringing, new Set(["o"]), now)).toBe(SILENT);
    expect(leaseOf({ ...ringing, device: "sip" }, new Set(), now)).toBe(SILENT);
    expect(leaseOf(ringing, new Set(), now + 20_000)).toBe(SILENT);
    const chat = view({ device: "sip", offers: [offer({ channel: "chat" })] });
    expect(leaseOf(chat, new Set(), now).offers.length).toBe(1);
  });
  it("outlives the server's last word by a moment only, and never the offer", () => {
    expect(leaseOf(ringing, new Set(), now).until).toBe(now + GRACE_MS);
    expect(leaseOf(ringing, new Set(), now + 18_000).until).toBe(now + 20_000);
    expect(sounds(leaseOf(ringing, new Set(), now), now + GRACE_MS)).toBe(false);
  });
  const bell = () => ({ strike: vi.fn(), silence: vi.fn() });
  it("stops by itself when nothing is heard of the server any more", () => {
    vi.useFakeTimers({ now });
    const one = bell();
    const ringer = new Ringer(one, () => Date.now());
    ringer.set(leaseOf(ringing, new Set(), now));
    vi.advanceTimersByTime(60_000);
    expect([one.strike.mock.calls.length, one.silence.mock.calls.length, ringer.ringing]).toEqual([3, 1, false]);
    vi.useRealTimers();
  });
  it("stops at once when the offer goes, and when the bell itself breaks", () => {
    vi.useFakeTimers({ now });
    const one = bell();
    const ringer = new Ringer(one, () => Date.now());
    ringer.set(leaseOf(ringing, new Set(), now));
    ringer.set(leaseOf(view({}), new Set(), now));
    expect([ringer.ringing, one.silence.mock.calls.length]).toEqual([false, 1]);
    one.strike.mockImplementation(() => {
      throw new Error("no sound");
    });
    ringer.set(leaseOf(ringing, new Set(), now));
    expect([ringer.ringing, vi.getTimerCount()]).toEqual([false, 0]);
    vi.useRealTimers();
  });
});

describe("the wrap-up form", () => {
  const first = { summary: "Asked for a refund.", disposition: "resolved", follow_up: "" };
  it("takes suggestions only where nothing was typed", () => {
    const typed = edit(suggest(BLANK, first), "summary", "My own words");
    const better = suggest(typed, { ...first, summary: "Better", follow_up: "Call back" });
    expect([better.summary, better.follow_up, better.disposition]).toEqual(["My own words", "Call back", "resolved"]);
    expect(restore(better, "summary").summary).toBe("Better");
    expect(suggest(restore(better, "summary"), first).summary).toBe("Asked for a refund.");
  });
  it("keeps notes, asks for an outcome, sends no empty fields", () => {
    const noted = note(note(BLANK, "Order 7"), "Paid");
    expect(noted.notes).toBe("Order 7\nPaid");
    expect([ready(noted), ready(edit(noted, "disposition", "resolved"))]).toEqual([false, true]);
    expect(payload(edit(noted, "disposition", "resolved"))).toEqual({ disposition: "resolved", notes: "Order 7\nPaid" });
    expect(payload(edit(edit(noted, "summary", "x"), "summary", " "))).toMatchObject({ summary: "" });
  });
  it("survives a reload, and rubbish in the store", () => {
    const draft = edit(BLANK, "notes", "x");
    expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
    expect([parseDraft("{"), parseDraft(null), parseDraft("3")]).toEqual([BLANK, BLANK, { ...BLANK }]);
  });
});

describe("what a screen reader hears", () => {
  const who = () => "Caller";
  it("is each finished line once, in batches", () => {
    const one = batch(NOTHING, [line("a", "Hello"), line("b", "Hel", true)], who);
    expect(one.text).toBe("Caller: Hello");
    expect(batch(one, [line("a", "Hello"), line("b", "Hel", true)], who)).toBe(one);
    expect(batch(one, [line("a", "Hello"), line("b", "Help me")], who).text).toBe("Caller: Help me");
  });
  it("is the newest three for who falls behind", () => {
    const many = ["a", "b", "c", "d", "e"].map((id) => line(id, id));
    expect(batch(NOTHING, many, who).text).toBe("Caller: c Caller: d Caller: e");
  });
});

describe("alerts", () => {
  const ME = { id: "me", roles: ["agent"] };
  it("concern me or my contacts", () => {
    expect(alertOf(event("transfer.ended", { outcome: "busy" }), ["conversation"], ME)?.tone).toBe("bad");
    expect(alertOf(event("transfer.ended", { outcome: "done" }), ["conversation"], ME)).toBeNull();
    expect(alertOf(event("consult.ended", { outcome: "busy" }), [], ME)).toBeNull();
    expect(alertOf(event("queue.missed", { user_id: "other" }), [], ME)).toBeNull();
    expect(alertOf(event("queue.missed", { user_id: "me" }), [], ME)?.key).toBe("missed");
    expect(alertOf(event("broadcast", { text: "Fire drill" }), [], ME)?.values["text"]).toBe("Fire drill");
  });
  it("of somebody who asks for help are the supervisors', and the asker is told that they went out", () => {
    const asked = event("supervise.help", { user_id: "me", name: "Amy" });
    expect(alertOf(asked, ["conversation"], ME)?.key).toBe("helpAsked");
    expect(alertOf(asked, [], { id: "ben", roles: ["agent"] })).toBeNull();
    const sue = alertOf(asked, [], { id: "sue", roles: ["supervisor"] });
    expect([sue?.key, sue?.values["name"], sue?.conversation]).toEqual(["help", "Amy", "conversation"]);
  });
  it("say once that a caller is upset", () => {
    const upset = alertOf(event("affect", { frustration: 0.9 }, 1), ["conversation"], ME)!;
    const again = alertOf(event("affect", { frustration: 0.8 }, 2), ["conversation"], ME)!;
    const list = add(add([], upset), again);
    expect([list.length, list[0]?.values["percent"]]).toEqual([1, "80"]);
    expect(alertOf(event("affect", { frustration: 0.2 }), ["conversation"], ME)).toBeNull();
  });
});

describe("the clock of a ticket", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  const due = (due_at: string | null, status = "open", breached = false) => slaOf({ due_at, status, breached }, now).tone;
  it("presses in its last hour and is late after it", () => {
    expect([due("2026-01-02T12:00:00Z"), due("2026-01-01T12:30:00Z"), due("2026-01-01T11:00:00Z"), due(null)]).toEqual(["ok", "soon", "late", "none"]);
    expect([due("2026-01-01T11:00:00Z", "solved"), due("2026-01-01T12:30:00Z", "hold")]).toEqual(["none", "ok"]);
    expect(span(95 * 60_000)).toEqual({ days: 0, hours: 1, minutes: 35 });
  });
});

describe("outcomes when the server names none", () => {
  it("are codes that the server's file has", () => {
    const listed = readFileSync(join(__dirname, "../../../flows/dispositions.yaml"), "utf8");
    const codes = [...listed.matchAll(/\{code: (\w+)/g)].map((found) => found[1]);
    expect(codes).toContain("solved");
    expect(OUTCOMES.filter((one) => !codes.includes(one))).toEqual([]);
  });
});
