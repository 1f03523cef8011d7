/** Both channels of a recording, the caller above, the rest below; a click seeks. */

import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { peaks } from "../lib/peaks";
import css from "./parts.module.css";

type Props = {
  buffer: AudioBuffer;
  position: number;
  names: [string, string];
  onSeek: (seconds: number) => void;
};

export function Waveform({ buffer, position, names, onSeek }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const scheme = useComputedColorScheme();

  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = canvas.current;
    const paint = element?.getContext("2d");
    if (!element || !paint || width === 0) return undefined;
    const frame = window.requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1;
      const height = element.clientHeight;
      element.width = width * ratio;
      element.height = height * ratio;
      paint.setTransform(ratio, 0, 0, ratio, 0, 0);
      const style = getComputedStyle(element);
      const colours = [style.getPropertyValue("--wl-caller"), style.getPropertyValue("--wl-bot")];
      for (let channel = 0; channel < Math.min(2, buffer.numberOfChannels); channel++) {
        const shape = peaks(buffer.getChannelData(channel), width);
        const middle = height * (0.25 + 0.5 * channel);
        const scale = height * 0.23;
        paint.fillStyle = colours[channel] ?? "gray";
        for (let x = 0; x < width; x++) {
          const low = shape[x * 2]!;
          const high = shape[x * 2 + 1]!;
          paint.fillRect(x, middle - high * scale, 1, Math.max(1, (high - low) * scale));
        }
      }
    });
    return () => window.cancelAnimationFrame(frame);
  }, [buffer, width, scheme]); // the colours are those of the scheme

  return (
    <div className={css["waveform"]}>
      <span className={`${css["channel"]} ${css["first"]}`}>{names[0]}</span>
      <span className={`${css["channel"]} ${css["second"]}`}>{names[1]}</span>
      <canvas
        ref={canvas}
        role="img"
        aria-label={names.join(" / ")}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onSeek(((event.clientX - box.left) / box.width) * buffer.duration);
        }}
      />
      <i className={css["cursor"]} style={{ left: `${(100 * position) / Math.max(buffer.duration, 0.001)}%` }} />
    </div>
  );
}
