/** Samples → what a waveform of `columns` pixels shows. */

/** Minimum and maximum per column, interleaved: [min0, max0, min1, max1, …], each in −1…1. */
export function peaks(samples: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(columns * 2);
  const step = samples.length / columns;
  for (let column = 0; column < columns; column++) {
    const from = Math.floor(column * step);
    const to = Math.max(from + 1, Math.floor((column + 1) * step));
    let low = 0;
    let high = 0;
    for (let i = from; i < to && i < samples.length; i++) {
      const value = samples[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    out[column * 2] = low;
    out[column * 2 + 1] = high;
  }
  return out;
}
