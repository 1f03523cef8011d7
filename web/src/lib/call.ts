/** One WebRTC call of a page: microphone (and camera) up, sound down. */

import { CallError } from "./callError";
import { openMicrophone, type Voice } from "./microphone";

export type CallState = "connecting" | "up" | "unstable" | "ended";

export type BrowserCall = {
  mute: (on: boolean) => void;
  /** Speak through another microphone from now on (its device id, "" = the system's choice). Throws CallError. */
  useMicrophone: (device: string) => Promise<void>;
  /** Show the camera's picture, or no more; what is shown now (null: nothing). Throws CallError. */
  useCamera: (on: boolean) => Promise<MediaStream | null>;
  close: () => void;
};

const CAMERA: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15 } };
const GATHER_LIMIT_MS = 2000;

async function film(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: CAMERA });
  } catch {
    throw new CallError("camera-refused");
  }
}

function gathered(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      if (pc.iceGatheringState === "complete") resolve();
    };
    pc.addEventListener("icegatheringstatechange", done);
    window.setTimeout(resolve, GATHER_LIMIT_MS);
    done();
  });
}

/**
 * Calls: `exchange` takes the offer's SDP to the server and returns the answer's.
 * Throws CallError, or what `exchange` throws; then nothing is left open.
 */
export async function startCall(options: {
  /** A camera may be switched on in this call. */
  video: boolean;
  iceServers: RTCIceServer[];
  player: HTMLAudioElement;
  exchange: (sdp: string) => Promise<string>;
  onState: (state: CallState) => void;
  /** Device id; "" or none = the system's choice. */
  microphone?: string;
  /** Without a microphone we listen, and are told so by `onVoice`; otherwise that is a CallError. */
  listens?: boolean;
  /** The microphone was unplugged, or its permission taken back, in mid-call; or we are heard again. */
  onVoice: (voice: Voice) => void;
}): Promise<BrowserCall> {
  const microphone = await openMicrophone(options.microphone ?? "", options.onVoice, options.listens);
  let picture: MediaStream | null = null;
  const pc = new RTCPeerConnection({ iceServers: options.iceServers });
  let over = false;
  const close = () => {
    if (over) return;
    over = true;
    pc.close();
    microphone.close();
    picture?.getTracks().forEach((track) => track.stop());
    options.player.srcObject = null;
    options.onState("ended");
  };
  pc.ontrack = (event) => {
    if (event.track.kind !== "audio") return;
    options.player.srcObject = new MediaStream([event.track]);
    void options.player.play().catch(() => undefined); // the click that began the call allows it
  };
  pc.onconnectionstatechange = () => {
    if (pc.connectionState === "connected") options.onState("up");
    else if (pc.connectionState === "disconnected") options.onState("unstable");
    else if (pc.connectionState === "failed" || pc.connectionState === "closed") close();
  };
  let shows: RTCRtpSender | null = null;
  try {
    microphone.carry(pc);
    if (options.video) shows = pc.addTransceiver("video", { direction: "sendonly" }).sender; // a camera later needs no new offer
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    const answer = await options.exchange(pc.localDescription?.sdp ?? "");
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
  } catch (error) {
    close();
    throw error;
  }
  return {
    mute: microphone.mute,
    useMicrophone: microphone.use,
    useCamera: async (on) => {
      const next = on ? await film() : null;
      if (over || !shows) {
        next?.getTracks().forEach((track) => track.stop());
        return null;
      }
      await shows.replaceTrack(next?.getVideoTracks()[0] ?? null);
      picture?.getTracks().forEach((track) => track.stop());
      return (picture = next);
    },
    close,
  };
}
