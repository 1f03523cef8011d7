import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../src/api";
import { clock } from "../src/lib/format";
import { peaks } from "../src/lib/peaks";
import { evidence } from "../src/lib/evidence";
import { apply, EMPTY, pictureOf } from "../src/lib/transcript";

let seq = 0;
const event = (type: string, payload: Record<string, unknown>, stored = true): StoredEvent => ({
  seq: stored ? ++seq : null,
  conversation_id: "c",
  contact_id: null,
  participant_id: null,
  leg_id: null,
  type,
  at: "2026-11-21T06:00:00Z",
  payload,
});
const emotion = { label: "angry", arousal: 0.6, valence: -0.7, confidence: 0.8 };

describe("the picture of a conversation", () => {
  it("forgets every emotion when the caller takes consent back", () => {
    const before = [
      event("consent", { purposes: ["recording", "emotion"], given: true }),
      event("utterance.final", { role: "customer", utterance_id: "u1", text: "Where is it?" }),
      event("affect", { role: "customer", utterance_id: "u1", ...emotion }),
      event("decision", { block: "ask", exit: "on_emotion", why: "the caller's tone of voice" }),
      event("queue.entered", { queue: "support", reason: "", summary: "", facts: { mood: "angry", intent: "order" } }),
    ];
    expect(pictureOf(before).lines[0]?.emotion?.label).toBe("angry");
    const after = pictureOf([...before, event("consent.withdrawn", { purposes: ["emotion"], by: "caller" })]);
    expect(after.lines[0]?.emotion).toBeNull();
    expect(after.queue?.facts).toEqual({ intent: "order" });
    expect(after.notes.some((note) => note.type === "decision")).toBe(false);
    expect(after.consents).toEqual({ recording: true, emotion: false });
  });

  it.each(["the caller's tone of voice", "客户的语气", "emotion.frustration > 0.6"])("forgets that a hand-over was for %s", (reason) => {
    const picture = pictureOf([
      event("queue.entered", { queue: "support", reason, summary: "", facts: { mood: "angry", intent: "order" } }),
      event("consent.withdrawn", { purposes: ["emotion"], by: "caller" }),
    ]);
    expect(picture.queue).toMatchObject({ reason: "", facts: { intent: "order" } });
    expect(picture.notes[0]?.payload).toMatchObject({ queue: "support", reason: "", facts: { intent: "order" } });
  });

  it("takes a yes for none where the policy lets it count for nothing", () => {
    const payload = { purposes: ["recording", "emotion"], given: true, void: { emotion: "policy cn: …" } };
    expect(pictureOf([event("consent", payload)]).consents).toEqual({ recording: true, emotion: false });
  });

  it("lets the final words replace the partial ones, and never the other way", () => {
    const partial = event("utterance.partial", { role: "customer", utterance_id: "u1", text: "where is" }, false);
    let picture = apply(EMPTY, partial);
    expect(picture.lines).toMatchObject([{ text: "where is", partial: true }]);
    picture = apply(picture, event("utterance.final", { role: "customer", utterance_id: "u1", text: "Where is my parcel?" }));
    picture = apply(picture, event("affect", { role: "customer", utterance_id: "u1", ...emotion }));
    picture = apply(picture, partial);
    expect(picture.lines).toHaveLength(1);
    expect(picture.lines[0]).toMatchObject({ text: "Where is my parcel?", partial: false, emotion: { label: "angry" } });
  });
  it("drops partial words of speech that was none", () => {
    const picture = pictureOf([
      event("utterance.partial", { role: "customer", utterance_id: "u1", text: "hm" }, false),
      event("speech.dropped", { role: "customer", reason: "noise" }),
    ]);
    expect(picture.lines).toEqual([]);
  });
  it("shows what a voice conveyed before its words, and then what both did", () => {
    const early = event("affect", { role: "customer", utterance_id: "u1", ...emotion, early: true, revises: null });
    let picture = apply(EMPTY, early);
    expect(picture.lines).toMatchObject([{ text: "…", partial: true, emotion: { label: "angry" } }]);
    expect(apply(picture, event("speech.dropped", { role: "customer", reason: "music" })).lines).toEqual([]);
    picture = apply(picture, event("utterance.final", { role: "customer", utterance_id: "u1", text: "Thank you." }));
    expect(picture.lines).toMatchObject([{ text: "Thank you.", partial: false, emotion: { label: "angry" } }]);
    const fused = { ...emotion, label: "neutral", early: false, revises: early.seq };
    picture = apply(picture, event("affect", { role: "customer", utterance_id: "u1", ...fused }));
    expect(picture.lines).toMatchObject([{ text: "Thank you.", emotion: { label: "neutral" } }]);
  });
  it("forgets what a voice conveyed whose words turn out to be private", () => {
    const early = event("affect", { role: "customer", utterance_id: "u1", ...emotion, early: true, revises: null });
    const picture = apply(apply(EMPTY, early), event("utterance.final", { role: "customer", utterance_id: "u1", text: "[hidden]" }));
    expect(picture.lines).toMatchObject([{ text: "[hidden]", emotion: null }]);
  });
  it("keeps only what the bot really said", () => {
    const picture = pictureOf([
      event("bot.said", { text: "", outcome: "stopped" }),
      event("bot.said", { text: "Your parcel", outcome: "barge_in" }),
    ]);
    expect(picture.lines).toMatchObject([{ text: "Your parcel", cut: true, speaker: "bot" }]);
  });
  it("follows the caller from the assistant through the queue to an agent, on hold and out", () => {
    const names: string[] = [];
    let picture = EMPTY;
    for (const one of [
      event("leg.up", { role: "customer" }),
      event("queue.entered", { queue: "support", reason: "asked for a human", summary: "s", facts: { name: "Li" } }),
      event("queue.position", { position: 2, eta_s: 90 }),
      event("queue.accepted", { agent: "Ana" }),
      event("hold", { on: true }),
      event("hold", { on: false }),
      event("contact.ended", { reason: "hangup" }),
    ]) {
      picture = apply(picture, one);
      names.push(JSON.stringify(picture.phase));
    }
    expect(names).toEqual([
      '{"name":"assistant"}',
      '{"name":"queued","position":null,"eta_s":null}',
      '{"name":"queued","position":2,"eta_s":90}',
      '{"name":"agent","agent":"Ana","held":false}',
      '{"name":"agent","agent":"Ana","held":true}',
      '{"name":"agent","agent":"Ana","held":false}',
      '{"name":"ended","reason":"hangup"}',
    ]);
    expect(picture.queue?.facts).toEqual({ name: "Li" });
  });
  it("remembers verification and consent", () => {
    const picture = pictureOf([
      event("consent", { purposes: ["recording", "emotion"], given: true }),
      event("verify", { result: "failed", attempts: 1 }),
      event("verify", { result: "passed", level: 2 }),
    ]);
    expect(picture.verified).toBe("passed");
    expect(picture.consents).toEqual({ recording: true, emotion: true });
  });
});

describe("times of the recording", () => {
  it("count from the caller's leg, also for the agent and the bot", () => {
    const at = (one: StoredEvent, time: string) => ({ ...one, at: `2026-11-21T06:00:${time}Z` });
    const { lines } = pictureOf([
      at(event("leg.up", { role: "customer" }), "05"),
      at(event("bot.said", { text: "Hello", played_ms: 2000 }), "08.5"),
      at(event("leg.up", { role: "agent" }), "30"),
      at(event("utterance.final", { role: "agent", utterance_id: "a", text: "Hi", t0_ms: 1000, t1_ms: 1500 }), "32"),
    ]);
    expect(lines.map((line) => line.t0_ms)).toEqual([1500, 26_000]);
  });
});

describe("numbers", () => {
  it("reads as a clock", () => {
    expect([0, 59_999, 61_000, 3_723_000].map(clock)).toEqual(["0:00", "0:59", "1:01", "1:02:03"]);
  });
  it("waveform peaks keep the extremes of each column", () => {
    const samples = new Float32Array(1000);
    samples[10] = 0.5;
    samples[990] = -0.75;
    const shape = peaks(samples, 10);
    expect([shape[1], shape[18]]).toEqual([0.5, -0.75]);
    expect(peaks(new Float32Array(0), 4)).toEqual(new Float32Array(8));
  });
});

describe("evidence", () => {
  const zh = (key: string, values: Record<string, unknown> = {}): string => `${key} ${JSON.stringify(values)}`;
  it("is taken apart, so that every language can say it", () => {
    expect(evidence("pitch range 2.1 σ above this caller's own start", zh)).toContain('"sigma":"2.1"');
    expect(evidence("pitch range 2.1 σ above this caller's own start", zh)).toContain("evidence.thing.pitch_range");
    expect(evidence("30 % faster than most speakers", zh)).toMatch(/^history:evidence\.faster .*"percent":"30"/);
    expect(evidence("unsure: sad at 41% is the likeliest", zh)).toContain("emotion.sad");
    expect(evidence("the words sound angry: “too far”", zh)).toMatch(/^history:evidence\.sound .*emotion\.angry.*\(“too far”\)/);
    expect(evidence("the words sound sad", zh)).toContain('"cues":""');
    expect(evidence("clipped: 12% of the samples are cut off", zh)).toContain('"percent":"12"');
    for (const reason of ["silence", "no audio", "too short", "a tone, not a voice", "the words say little"])
      expect(evidence(reason, zh)).toMatch(/^history:evidence\./);
    expect(evidence("after 2 failed steps", zh)).toMatch(/^history:evidence\.failed /);
  });
  it("of no known shape stays as it is", () => {
    expect(evidence("something new", zh)).toBe("something new");
  });
});
