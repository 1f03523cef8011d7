/** The sound of the ring, made on the spot, with a flash in the title and a vibration for who cannot hear it. */

import type { Bell } from "./ringer";

/** One strike is two soft tones. `speaker`: device id to ring at, "" = the system's choice; `title`: what flashes. */
export function makeBell(speaker: () => string, title: () => string): Bell & { blocked: () => boolean } {
  let audio: AudioContext | null = null;
  let plain = "";
  const silence = () => {
    void audio?.close().catch(() => undefined);
    audio = null;
    navigator.vibrate?.(0);
    if (plain) document.title = plain;
    plain = "";
  };
  const strike = () => {
    if (!audio) {
      audio = new AudioContext();
      const sink = (audio as AudioContext & { setSinkId?: (id: string) => Promise<void> }).setSinkId;
      if (speaker()) void sink?.call(audio, speaker()).catch(() => undefined); // unplugged: the system's choice rings
    }
    for (const [start, hertz] of [[0, 523.25], [0.4, 659.25]] as const) tone(audio, audio.currentTime + start, hertz);
    navigator.vibrate?.([250, 150, 250]);
    if (!plain) plain = document.title;
    document.title = document.title === plain ? title() : plain;
  };
  return { strike, silence, blocked: () => audio?.state === "suspended" && !navigator.userActivation?.hasBeenActive };
}

function tone(audio: AudioContext, start: number, hertz: number): void {
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.12, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.35);
  gain.connect(audio.destination);
  const source = audio.createOscillator();
  source.frequency.value = hertz;
  source.connect(gain);
  source.start(start);
  source.stop(start + 0.4);
}
