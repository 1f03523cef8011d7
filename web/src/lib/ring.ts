/** A ring tone made on the spot; works without any file and stops for certain. */

/** Starts ringing; the returned function stops it at once. */
export function ring(): () => void {
  const audio = new AudioContext();
  const gain = audio.createGain();
  gain.gain.value = 0;
  gain.connect(audio.destination);
  const tones = [523.25, 659.25].map((frequency) => {
    const tone = audio.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(gain);
    tone.start();
    return tone;
  });
  const phrase = () => {
    const now = audio.currentTime;
    for (const start of [0, 0.4]) {
      gain.gain.setValueAtTime(0, now + start);
      gain.gain.linearRampToValueAtTime(0.12, now + start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, now + start + 0.35);
    }
  };
  phrase();
  const timer = window.setInterval(phrase, 2500);
  return () => {
    window.clearInterval(timer);
    tones.forEach((tone) => tone.stop());
    void audio.close();
  };
}
