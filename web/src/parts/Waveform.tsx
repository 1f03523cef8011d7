/** Both channels of a recording, the caller above, the rest below; a click seeks. */

import { useEffect, useRef, useState } from "react";
import { peaks } from "../lib/peaks";

type Props = {
  buffer: AudioBuffer;
  position: number;
  names: [string, string];
  onSeek: (seconds: number) => void;
};

export function Waveform({ buffer, position, names, onSeek }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);

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
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      const height = element.clientHeight;
      element.width = width * ratio;
      element.height = height * ratio;
      paint.setTransform(ratio, 0, 0, ratio, 0, 0);
      const style = getComputedStyle(element);
      const colours = [style.getPropertyValue("--caller"), style.getPropertyValue("--bot")];
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
    };
    draw();
    dark.addEventListener("change", draw);
    return () => dark.removeEventListener("change", draw);
  }, [buffer, width]);

  return (
    <div className="waveform">
      <span className="channel first">{names[0]}</span>
      <span className="channel second">{names[1]}</span>
      <canvas
        ref={canvas}
        role="img"
        aria-label={names.join(" / ")}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onSeek(((event.clientX - box.left) / box.width) * buffer.duration);
        }}
      />
      <i className="cursor" style={{ left: `${(100 * position) / Math.max(buffer.duration, 0.001)}%` }} />
    </div>
  );
}
