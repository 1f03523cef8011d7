import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CallError } from "../src/lib/callError";
import { openMicrophone, type Voice } from "../src/lib/microphone";

/** What is plugged in, by id, as the system prefers it; "denied" when the page may use none. */
let plugged: string[];
let allowed: boolean;
let devices: EventTarget;
let permission: EventTarget & { state: string };
let told: string[];
let sent: string[];

class Track {
  enabled = true;
  stopped = false;
  onended: (() => void) | null = null;
  constructor(readonly label: string) {}
  getSettings = () => ({ deviceId: this.label });
  stop = () => (this.stopped = true);
}
const streamOf = (track: Track) => ({ getTracks: () => [track], getAudioTracks: () => [track] });
const pc = { addTrack: (track: Track) => (sent.push(track.label), { replaceTrack: async (next: Track) => void sent.push(next.label) }) };
let made: Track[];
const settled = () => new Promise((resolve) => setTimeout(resolve));

async function open(device = "") {
  const microphone = await openMicrophone(device, (voice: Voice) => told.push(`${voice.state} ${voice.label}`.trim()));
  microphone.carry(pc as unknown as RTCPeerConnection);
  await settled();
  return microphone;
}
async function unplug(device: string) {
  plugged = plugged.filter((one) => one !== device);
  made.filter((track) => track.label === device && !track.stopped).forEach((track) => track.onended?.());
  devices.dispatchEvent(new Event("devicechange"));
  await settled();
}
async function plug(device: string) {
  plugged.push(device);
  devices.dispatchEvent(new Event("devicechange"));
  await settled();
}

beforeEach(() => {
  [plugged, allowed, told, sent, made] = [["headset", "laptop"], true, [], [], []];
  permission = Object.assign(new EventTarget(), { state: "granted" });
  devices = Object.assign(new EventTarget(), {
    getUserMedia: async ({ audio }: { audio: { deviceId?: { ideal: string } } }) => {
      if (!allowed) throw new DOMException("", "NotAllowedError");
      const found = plugged.find((one) => one === audio.deviceId?.ideal) ?? plugged[0];
      if (!found) throw new DOMException("", "NotFoundError");
      made.push(new Track(found));
      return streamOf(made.at(-1)!);
    },
    enumerateDevices: async () => plugged.map((deviceId) => ({ kind: "audioinput", deviceId })),
  });
  vi.stubGlobal("navigator", { mediaDevices: devices, permissions: { query: async () => permission } });
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("ConstantSourceNode", class { connect = () => undefined; start = () => undefined; }); // prettier-ignore
  vi.stubGlobal(
    "AudioContext",
    class {
      createMediaStreamDestination = () => ({ stream: streamOf(new Track("silence")) });
      resume = async () => void sent.push("silence after a touch");
      close = async () => void sent.push("no silence");
    },
  );
});
afterEach(() => void vi.unstubAllGlobals());

describe("a microphone that is unplugged in mid-call", () => {
  it("is replaced by another one, and taken again when it is back", async () => {
    await open("headset");
    await unplug("headset");
    expect(told).toEqual(["lost", "other laptop"]);
    expect(sent).toEqual(["headset", "silence", "laptop", "no silence"]);
    await plug("headset");
    expect(told.at(-1)).toBe("own headset");
    expect(sent.at(-1)).toBe("headset");
    expect(made.map((track) => track.stopped)).toEqual([true, true, false]);
  });
  it("leaves silence on the line when there is no other, until one is plugged in", async () => {
    plugged = ["headset"];
    await open();
    await unplug("headset");
    expect(told).toEqual(["lost"]);
    expect(sent).toEqual(["headset", "silence"]); // a line on which nothing is sent would be ended
    await plug("laptop");
    expect(told.at(-1)).toBe("other laptop");
    expect(sent.slice(-2)).toEqual(["laptop", "no silence"]);
  });
  it("stays muted", async () => {
    const microphone = await open();
    microphone.mute(true);
    await unplug("headset");
    expect(made.at(-1)!.enabled).toBe(false);
  });
  it("is looked for no more after the call", async () => {
    const microphone = await open();
    microphone.close();
    await unplug("headset");
    await plug("headset");
    expect([told, made.length]).toEqual([[], 1]);
  });
});

describe("a microphone whose permission is taken back", () => {
  it("is used again when it is allowed again", async () => {
    await open();
    allowed = false;
    permission.state = "denied";
    made[0]!.onended?.();
    await settled();
    expect(told).toEqual(["lost"]);
    allowed = true;
    permission.state = "granted";
    permission.dispatchEvent(new Event("change"));
    await settled();
    expect(told.at(-1)).toBe("own headset");
  });
  it("says why it cannot be used when asked to", async () => {
    const microphone = await open();
    allowed = false;
    await expect(microphone.use("laptop")).rejects.toEqual(new CallError("microphone-refused"));
    expect(sent).toEqual(["headset"]);
  });
});

describe("a call that is taken up without a microphone", () => {
  it("goes on with silence, until one is allowed", async () => {
    allowed = false;
    const microphone = await openMicrophone("", (voice: Voice) => told.push(`${voice.state} ${voice.label}`.trim()), true);
    microphone.carry(pc as unknown as RTCPeerConnection);
    expect([told, sent]).toEqual([["lost"], ["silence"]]);
    window.dispatchEvent(new Event("pointerdown")); // a browser may keep a page that was loaded again from making any sound
    expect(sent.splice(1)).toEqual(["silence after a touch"]);
    microphone.mute(true);
    await expect(microphone.use("")).rejects.toEqual(new CallError("microphone-refused"));
    expect(sent).toEqual(["silence"]);
    allowed = true;
    await microphone.use("");
    expect(told).toEqual(["lost", "own headset"]);
    expect(sent).toEqual(["silence", "headset", "no silence"]);
    window.dispatchEvent(new Event("pointerdown"));
    expect(sent.at(-1)).toBe("no silence");
    expect(made.at(-1)!.enabled).toBe(false); // what was muted stays so
  });
  it("takes one that is plugged in", async () => {
    plugged = [];
    const microphone = await openMicrophone("", (voice: Voice) => told.push(`${voice.state} ${voice.label}`.trim()), true);
    microphone.carry(pc as unknown as RTCPeerConnection);
    await settled();
    await plug("laptop");
    expect(told).toEqual(["lost", "own laptop"]);
  });
  it("is refused where it only begins", async () => {
    allowed = false;
    await expect(open()).rejects.toEqual(new CallError("microphone-refused"));
  });
});

it("another one that was chosen is the one to go back to", async () => {
  const microphone = await open();
  await microphone.use("laptop");
  expect(told).toEqual(["own laptop"]);
  await unplug("laptop");
  await plug("laptop");
  expect(told).toEqual(["own laptop", "lost", "other headset", "own laptop"]);
});

describe("a call that ends while its microphone is changed", () => {
  const during = (replaceTrack: () => Promise<void>) => ({ addTrack: () => ({ replaceTrack }) }) as unknown as RTCPeerConnection;

  it("leaves none open, whether the line still took it", async () => {
    const microphone = await openMicrophone("headset", () => undefined);
    microphone.carry(during(async () => microphone.close()));
    await microphone.use("laptop");
    expect(made.map((track) => track.stopped)).toEqual([true, true]);
  });
  it("or did not", async () => {
    const microphone = await openMicrophone("headset", () => undefined);
    microphone.carry(during(() => Promise.reject(new DOMException("", "InvalidStateError"))));
    await expect(microphone.use("laptop")).rejects.toThrow(DOMException);
    expect(made.map((track) => track.stopped)).toEqual([false, true]);
  });
});
