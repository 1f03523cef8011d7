import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/errors";
import { problemOf } from "../src/caller/problem";
import { callOver, isOver, RETURN_AFTER_MS } from "../src/caller/returning";
import { standing } from "../src/caller/standing";
import { timeline } from "../src/caller/timeline";
import type { StoredEvent } from "../src/api";
import { CallError } from "../src/lib/callError";
import { MOST_BYTES, needsWork, obstacle, picturesOf, uploads, whyNot, type Upload } from "../src/lib/images";
import { keep, recall } from "../src/lib/kept";
import { pictureOf, type Phase } from "../src/lib/transcript";

let seq = 0;
const event = (type: string, second: number, payload: Record<string, unknown>, contact: string | null = "k1"): StoredEvent => ({
  seq: ++seq,
  conversation_id: "c",
  contact_id: contact,
  participant_id: null,
  leg_id: null,
  type,
  at: `2026-11-21T06:00:${String(second).padStart(2, "0")}Z`,
  payload,
});
const photo = { attachment_id: "a1", mime: "image/png", size: 5, width: 4, height: 3 };

describe("a conversation of chat and call", () => {
  const chat = [event("contact.started", 0, { channel: "chat" }), event("message", 1, { role: "customer", text: "hi" })];
  const call = [event("contact.started", 2, { channel: "voice" }, "k2"), event("leg.up", 3, { role: "customer" }, "k2")];

  it("goes on while one of them does", () => {
    const both = [...chat, ...call, event("contact.ended", 4, { reason: "called" })];
    expect(pictureOf(both).phase.name).not.toBe("ended");
    expect(pictureOf(both).contacts).toEqual({ k1: false, k2: true });
    expect(pictureOf([...both, event("contact.ended", 5, { reason: "hangup" }, "k2")]).phase).toEqual({ name: "ended", reason: "hangup" });
  });
  it("has a call that is over when its own end is told, and not before", () => {
    const all = [...chat, event("contact.ended", 2, { reason: "called" }), ...call];
    const kept = { call: "k2" };
    // Told anew after a reload, event by event; and the line may be up before the news of it.
    for (let told = 0; told <= all.length; told++) expect(callOver(pictureOf(all.slice(0, told)), kept)).toBe(false);
    expect(callOver(pictureOf([...chat, ...call, event("contact.ended", 5, { reason: "hangup" }, "k2")]), kept)).toBe(true); // somebody writes on
    const end = [event("contact.ended", 5, { reason: "hangup" }, "k2"), event("conversation.ended", 5, {}, null)];
    expect(callOver(pictureOf([...all, ...end]), kept)).toBe(true);
    expect(callOver(pictureOf([...all, end[1]!]), kept)).toBe(true);
  });
  it("is over for who writes when all is over", () => {
    expect(callOver(pictureOf(chat), { call: null })).toBe(false);
    expect(callOver(pictureOf([...chat, event("contact.ended", 4, { reason: "idle" })]), { call: null })).toBe(true);
  });
  it("names the line that broke, so that a page which slept meanwhile knows that it was its own", () => {
    expect(pictureOf(call).away).toBe("");
    expect(pictureOf([...call, event("customer.away", 4, { reason: "failed", leg_id: "l1" }, "k2")]).away).toBe("l1");
  });
  it("begins anew when somebody calls again", () => {
    const again = [...chat, event("contact.ended", 4, { reason: "idle" }), event("contact.started", 6, { channel: "voice" }, "k3")];
    expect(pictureOf(again).phase.name).toBe("starting");
  });
  it("is one list, in order, with pictures and what happened", () => {
    const picture = pictureOf([
      ...chat,
      event("message", 1, { role: "customer", text: "", attachment: photo }),
      ...call,
      event("queue.accepted", 5, { agent: "Ana" }, "k2"),
      event("utterance.final", 7, { role: "agent", utterance_id: "u", text: "Hello" }, "k2"),
      event("decision", 8, { why: "x" }, "k2"),
    ]);
    const shown = timeline(picture).map((item) => (item.kind === "note" ? item.text : (item.line.attachment?.attachment_id ?? item.line.text)));
    expect(shown).toEqual(["hi", "a1", "callStarted", "joined", "Hello"]);
  });
  it("tells which picture is asked for until it came", () => {
    const asked = [...call, event("visual.asked", 5, { request_id: "r1", want: "photo" }, "k2")];
    expect(pictureOf(asked).wanted).toEqual({ request: "r1", want: "photo" });
    expect(pictureOf([...asked, event("visual.received", 6, {}, "k2")]).wanted).toBeNull();
  });
});

describe("where the caller stands", () => {
  const at = (name: Phase["name"], call: "none" | "up" | "connecting" | "unstable" | "ended", more = {}) => {
    const phase = { name, position: null, eta_s: null, agent: "Ana", held: false, reason: "", ...more } as Phase;
    return standing({ call, returning: false, open: name !== "ended", phase }).key;
  };
  it("is said for a call as for a chat", () => {
    expect(at("assistant", "up")).toBe("caller:state.assistant");
    expect(at("assistant", "none")).toBe("caller:state.assistantChat");
    expect(at("agent", "none")).toBe("caller:state.agentChat");
    expect(at("agent", "up", { held: true })).toBe("caller:state.held");
    expect(at("queued", "up", { position: 1 })).toBe("caller:state.queuedNext");
    expect(at("queued", "up", { position: 3 })).toBe("caller:state.queuedAt");
    expect(at("agent", "unstable")).toBe("caller:state.unstable");
    expect(at("ended", "ended")).toBe("caller:state.ended");
    expect(at("ended", "none")).toBe("caller:state.chatEnded");
  });
  it("is that they come back, whatever was before", () => {
    expect(standing({ call: "ended", returning: true, open: true, phase: { name: "queued", position: 2, eta_s: 9 } }).key).toBe("caller:state.returning");
  });
});

describe("coming back", () => {
  it("is tried until the server says that it is over", () => {
    expect([401, 404, 409].every((status) => isOver(new ApiError(status, "")))).toBe(true);
    expect([0, 500, 503].some((status) => isOver(new ApiError(status, "")))).toBe(false);
    expect(RETURN_AFTER_MS.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(30_000);
  });
});

describe("what is kept over a reload", () => {
  const store = new Map<string, string>();
  beforeEach(() => {
    store.clear();
    vi.stubGlobal("window", {
      sessionStorage: {
        getItem: (key: string) => store.get(key) ?? null,
        setItem: (key: string, value: string) => store.set(key, value),
        removeItem: (key: string) => store.delete(key),
      },
    });
  });
  it("is the conversation, until it is forgotten", () => {
    const kept = { conversation: "c", token: "t", call: "k1", writing: false, camera: true, since: 5 };
    keep(kept);
    expect(recall()).toEqual(kept);
    keep(null);
    expect(recall()).toBeNull();
  });
  it.each(["{", "[]", '{"conversation": 5}', '"x"'])("is nothing where %s lies", (text) => {
    store.set("warmline.conversation", text);
    expect(recall()).toBeNull();
  });
});

describe("pictures", () => {
  const upload = (id: string): Upload => ({ id, file: new File([], id), url: "", state: "chosen", done: 0, why: "", attachment: "" });
  it("are taken from among what was dropped", () => {
    const files = [new File([""], "a.png", { type: "image/png" }), new File([""], "b.pdf", { type: "application/pdf" })];
    expect(picturesOf(files).map((file) => file.name)).toEqual(["a.png"]);
    expect(picturesOf(null)).toEqual([]);
    expect(obstacle(files[1]!)).toBe("wrongKind");
  });
  it("are drawn anew when they are huge or of another kind", () => {
    expect(needsWork({ type: "image/jpeg", size: 1000 }, 1600, 1200)).toBe(false);
    expect(needsWork({ type: "image/heic", size: 1000 }, 1600, 1200)).toBe(true);
    expect(needsWork({ type: "image/png", size: MOST_BYTES }, 100, 100)).toBe(true);
    expect(needsWork({ type: "image/png", size: 1000 }, 9000, 100)).toBe(true);
  });
  it("change one at a time", () => {
    let list = uploads([], { do: "add", uploads: [upload("a"), upload("b")] });
    list = uploads(list, { do: "change", id: "b", change: { state: "failed", why: "network" } });
    expect(list.map((one) => one.state)).toEqual(["chosen", "failed"]);
    expect(uploads(list, { do: "drop", ids: ["a"] }).map((one) => one.id)).toEqual(["b"]);
  });
  it("fail for reasons that have a sentence", () => {
    const reasons = [new ApiError(0, ""), new ApiError(413, ""), new ApiError(415, ""), new ApiError(409, ""), new ApiError(429, ""), new Error("wrongKind")];
    expect(reasons.map(whyNot)).toEqual(["network", "tooLarge", "wrongKind", "over", "refused", "wrongKind"]);
  });
});

describe("a problem", () => {
  it("leads on: to writing without a microphone, to another try when all lines are busy", () => {
    expect(problemOf(new CallError("microphone-refused"))).toMatchObject({ key: "error.microphone-refused", write: true, retry: true });
    expect(problemOf(new CallError("camera-refused"))).toMatchObject({ write: false, retry: false });
    expect(problemOf(new ApiError(503, "full", 20))).toMatchObject({ key: "error.busyIn", values: { seconds: 20 }, retry: true });
    expect(problemOf(new ApiError(0, "network"))).toMatchObject({ key: "error.network", write: false });
  });
});
