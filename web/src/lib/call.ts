/** One WebRTC call of a page: microphone (and camera) up, sound down. */

export type CallState = "connecting" | "up" | "unstable" | "ended";
export type CallFailure = "microphone-refused" | "microphone-missing" | "camera-refused" | "insecure" | "failed";

/** Why a call could not be made, as a word the pages have a sentence for. */
export class CallError extends Error {
  constructor(readonly failure: CallFailure) {
    super(failure);
  }
}

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

async function capture(microphone = ""): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new CallError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(microphone ? { deviceId: { ideal: microphone } } : {}), // one that was unplugged is no reason to fail
      },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new CallError(name === "NotFoundError" || name === "NotReadableError" ? "microphone-missing" : "microphone-refused");
  }
}

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
  /** The microphone was unplugged, or its permission taken back, in mid-call. */
  onMicrophoneLost?: () => void;
}): Promise<BrowserCall> {
  let stream = await capture(options.microphone);
  let picture: MediaStream | null = null;
  let muted = false;
  const pc = new RTCPeerConnection({ iceServers: options.iceServers });
  let over = false;
  const close = () => {
    if (over) return;
    over = true;
    pc.close();
    stream.getTracks().forEach((track) => track.stop());
    picture?.getTracks().forEach((track) => track.stop());
    options.player.srcObject = null;
    options.onState("ended");
  };
  const watch = () => stream.getAudioTracks().forEach((track) => (track.onended = () => !over && options.onMicrophoneLost?.()));
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
    stream.getTracks().forEach((track) => pc.addTrack(track, stream));
    watch();
    if (options.video) shows = pc.addTransceiver("video", { direction: "sendonly" }).sender; // a camera later needs no new offer
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    const answer = await options.exchange(pc.localDescription?.sdp ?? "");
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
  } catch (error) {
    close();
    throw error;
  }
  const apply = () => stream.getAudioTracks().forEach((track) => (track.enabled = !muted));
  return {
    mute: (on) => {
      muted = on;
      apply();
    },
    useMicrophone: async (device) => {
      const next = await capture(device);
      const [track] = next.getAudioTracks();
      const sender = pc.getSenders().find((one) => one.track?.kind === "audio");
      if (over || !track || !sender) return next.getTracks().forEach((one) => one.stop());
      await sender.replaceTrack(track);
      const old = stream;
      stream = next;
      apply();
      old.getTracks().forEach((one) => one.stop());
      watch();
    },
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
