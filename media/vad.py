"""Is this 20 ms frame voiced? WebRTC's detector, held back by a floor that follows the line's own noise."""

from __future__ import annotations

import math

import numpy as np
import webrtcvad

from media.frames import FRAME_MS, SPEECH_RATE, Samples

FLOOR_START_DB = -55.0  # dBFS; an ordinary line. A better one is learnt within 0.2 s
FLOOR_MAX_DB = -32.0  # dBFS; a floor above this would swallow soft speakers
ABOVE_FLOOR_DB = 9.0  # dB over the floor that speech keeps even when soft; steady noise stays within ±6 dB
QUIETEST_DB = -52.0  # dBFS; below it nothing is speech to a recogniser either
FLOOR_RISE_DB = 0.04  # dB per frame: 2 dB/s, so that a word does not lift it but a fan does within seconds
FLOOR_FALL = 0.2  # share of the distance per frame


def level_db(samples: Samples) -> float:
    """Root mean square in dB of full scale; −100 for digital silence."""
    if not len(samples):
        return -100.0
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float32)))))
    return max(-100.0, 20 * math.log10(rms / 32768.0)) if rms > 0 else -100.0


class VoiceActivity:
    """Frame by frame; call `voiced` in order for every 20 ms of a leg."""

    def __init__(self, aggressiveness: int = 2) -> None:
        self._vad = webrtcvad.Vad(aggressiveness)
        self._floor_db = FLOOR_START_DB

    def voiced(self, frame: Samples) -> bool:
        """One frame of 320 samples at 16 kHz. Raises ValueError for another length."""
        if len(frame) != SPEECH_RATE * FRAME_MS // 1000:
            raise ValueError(f"voice activity wants {SPEECH_RATE * FRAME_MS // 1000} samples, got {len(frame)}")
        level = level_db(frame)
        if level < self._floor_db:
            self._floor_db += (level - self._floor_db) * FLOOR_FALL
        else:
            self._floor_db = min(FLOOR_MAX_DB, self._floor_db + FLOOR_RISE_DB)
        if level < QUIETEST_DB or level < self._floor_db + ABOVE_FLOOR_DB:
            return False
        return bool(self._vad.is_speech(frame.tobytes(), SPEECH_RATE))
