/** The microphone of a call: lost while people talk, replaced by another one, and taken up again when it is back. */

import { CallError } from "./callError";

/**
 * Who is heard. "own": as it began; "other": that microphone is gone and another one, `label`, took its place; "lost": nobody
 * hears us, until there is one again or it is allowed again.
 */
export type Voice = { state: "own" | "other" | "lost"; label: string };

export const OWN: Voice = { state: "own", label: "" };

export type Microphone = {
  /** Whose track goes out; what replaces it later goes out in its place. */
  carry: (pc: RTCPeerConnection) => void;
  mute: (on: boolean) => void;
  /** This one from now on (its device id, "" = the system's choice). Throws CallError; then it stays as it was. */
  use: (device: string) => Promise<void>;
  close: () => void;
};

/** Throws CallError. */
async function capture(device: string): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new CallError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(device ? { deviceId: { ideal: device } } : {}), // one that was unplugged is no reason to fail
      },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new CallError(name === "NotFoundError" || name === "NotReadableError" ? "microphone-missing" : "microphone-refused");
  }
}

const stop = (stream: MediaStream | null) => stream?.getTracks().forEach((track) => track.stop());
const deviceOf = (stream: MediaStream | null) => stream?.getAudioTracks()[0]?.getSettings().deviceId ?? "";

/** A line on which nothing at all is sent is taken for broken and ended, so silence goes out in place of a lost microphone. */
function silence(): { track: MediaStreamTrack | null; close: () => void } {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const nothing = new ConstantSourceNode(context, { offset: 0 });
  nothing.connect(out);
  nothing.start(); // without a source nothing at all comes out, not even silence
  const touched = new AbortController();
  const go = () => void context.resume().catch(() => undefined); // on a page that was loaded again it may wait for a touch
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, go, { signal: touched.signal });
  const [track] = out.stream.getAudioTracks();
  return {
    track: track ?? null,
    close: () => {
      touched.abort();
      void context.close().catch(() => undefined);
    },
  };
}

/** Throws CallError when there is none or it is not allowed; with `listens` that is a lost one from the beginning. */
export async function openMicrophone(device: string, onVoice: (voice: Voice) => void, listens = false): Promise<Microphone> {
  let quiet: ReturnType<typeof silence> | null = null; // while it is lost
  let stream = await capture(device).catch((error: unknown) => {
    if (!listens) throw error;
    quiet = silence();
    onVoice({ state: "lost", label: "" });
    return null;
  });
  let wanted = deviceOf(stream) || device; // where we go back to; "" = none yet
  let sender: RTCRtpSender | null = null;
  let muted = false;
  let over = false;
  let looking = false;
  let lookAgain = false;
  let permission: PermissionStatus | null = null;

  const put = async (next: MediaStream) => {
    const [track] = next.getAudioTracks();
    if (over || !track) return stop(next);
    track.enabled = !muted;
    track.onended = () => void lose();
    await sender?.replaceTrack(track).catch((error: unknown) => {
      stop(next);
      throw error;
    });
    if (over) return stop(next);
    const old = stream;
    stream = next;
    stop(old);
    quiet?.close();
    quiet = null;
    wanted ||= deviceOf(next);
    onVoice({ state: deviceOf(next) === wanted ? "own" : "other", label: track.label });
  };
  /** Is there none, or another one although ours is back? */
  const wanting = async () => {
    if (quiet || deviceOf(stream) === wanted) return quiet !== null;
    const there = await navigator.mediaDevices.enumerateDevices();
    return there.some((one) => one.kind === "audioinput" && one.deviceId === wanted);
  };
  /** One look at a time; what changes meanwhile is looked at afterwards. */
  const look = async () => {
    lookAgain = looking;
    if (looking) return;
    looking = true;
    do {
      lookAgain = false;
      await wanting()
        .then(async (yes) => yes && put(await capture(wanted)))
        .catch(() => undefined); // still none: we are told when that changes
    } while (lookAgain && !over);
    looking = false;
  };
  const lose = async () => {
    if (over) return;
    onVoice({ state: "lost", label: "" });
    quiet ??= silence();
    await sender?.replaceTrack(quiet.track);
    await look();
  };
  const changed = () => void look();
  const allowed = () => void (permission?.state === "granted" && look());

  stream?.getAudioTracks().forEach((track) => (track.onended = () => void lose()));
  navigator.mediaDevices.addEventListener("devicechange", changed);
  navigator.permissions?.query({ name: "microphone" as PermissionName }).then(
    (status) => {
      permission = status;
      status.addEventListener("change", allowed);
    },
    () => undefined, // this browser does not tell
  );
  return {
    carry: (pc) => {
      const track = quiet?.track ?? stream?.getAudioTracks()[0];
      if (track) sender = stream ? pc.addTrack(track, stream) : pc.addTrack(track);
    },
    mute: (on) => {
      muted = on;
      stream?.getAudioTracks().forEach((track) => (track.enabled = !on));
    },
    use: async (chosen) => {
      const next = await capture(chosen);
      wanted = deviceOf(next);
      await put(next);
    },
    close: () => {
      over = true;
      navigator.mediaDevices.removeEventListener("devicechange", changed);
      permission?.removeEventListener("change", allowed);
      quiet?.close();
      stop(stream);
    },
  };
}
