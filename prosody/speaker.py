"""A voice as a vector: the same speaker gives vectors that point the same way.

The network is the GE2E speaker encoder (Wan et al. 2018, "Generalized end-to-end loss for speaker verification") as trained by
Resemblyzer (Apache-2.0): a mel spectrogram of 40 bands, three recurrent layers of 256 cells, one projection. It is run
here in plain arithmetic, so that nothing of its training framework is needed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import webrtcvad
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from media.frames import SPEECH_RATE, Audio

Vector = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("weights") / "speaker.npz"
VERSION = "ge2e-1"
DIMS = 256
BANDS = 40
WINDOW = 400  # samples of one spectrum, 25 ms
HOP = 160  # samples between two, 10 ms
PART = 160  # frames of one part of an utterance, 1.6 s: what the network was trained on
STEP = 77  # frames between two parts, 1.3 a second
COVERED = 0.75  # share of a last part that must hold speech
LEVEL_DB = -30.0  # dBFS to which quieter speech is raised
LAYERS = 3
VOICED_STEP = 480  # samples judged at once for voice, 30 ms
SMOOTHED = 8  # of these steps are averaged
BRIDGED = 7  # of these steps: pauses up to this long stay in
LEAST_MS = 800  # ms of voice below which there is too little to compare


class TooLittleSpeech(ValueError):
    """There is hardly any voice in the recording."""


class SpeakerEncoder:
    """The network. Thread safe: nothing is kept between calls."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        with np.load(weights, allow_pickle=False) as stored:
            self._weights = {name: stored[name].astype(np.float32) for name in stored.files}
        self._blas = ThreadpoolController()

    def __call__(self, audio: Audio) -> Vector:
        """The vector of an utterance, unit length, shape (256,). Raises `TooLittleSpeech`, ValueError for another rate."""
        if audio.rate != SPEECH_RATE:
            raise ValueError(f"voices are compared at {SPEECH_RATE} Hz, got {audio.rate}")
        wave = voiced(audio)
        if len(wave) < LEAST_MS * SPEECH_RATE // 1000:
            raise TooLittleSpeech(f"{len(wave) * 1000 // SPEECH_RATE} ms of voice; {LEAST_MS} ms are needed")
        starts = _starts(len(wave))
        wave = np.pad(wave, (0, max(0, (starts[-1] + PART) * HOP - len(wave))))
        mel = self._mel(wave)
        parts = np.stack([mel[start : start + PART] for start in starts])
        # The matrices are small: several threads spend six times as long waiting for each other.
        with self._blas.limit(limits=1, user_api="blas"):
            return unit(self._forward(parts).mean(axis=0))

    def _mel(self, wave: Vector) -> Vector:
        """Mel powers (not their logarithm), shape (frames, 40)."""
        padded = np.pad(wave, WINDOW // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
        power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
        return np.asarray(power @ self._weights["mel"].T, dtype=np.float32)

    def _forward(self, parts: Vector) -> Vector:
        """(parts, frames, 40) → (parts, 256), rows of unit length."""
        layer_in = parts
        hidden = np.zeros((len(parts), DIMS), np.float32)
        for layer in range(LAYERS):
            into, back = self._weights[f"lstm.weight_ih_l{layer}"].T, self._weights[f"lstm.weight_hh_l{layer}"].T
            bias = self._weights[f"lstm.bias_ih_l{layer}"] + self._weights[f"lstm.bias_hh_l{layer}"]
            driven = layer_in @ into + bias
            hidden, cell = np.zeros((len(parts), DIMS), np.float32), np.zeros((len(parts), DIMS), np.float32)
            out = np.empty((*driven.shape[:2], DIMS), np.float32)
            for frame in range(driven.shape[1]):
                gates = driven[:, frame] + hidden @ back
                let_in, forget, new, let_out = np.split(gates, 4, axis=1)
                cell = _sigmoid(forget) * cell + _sigmoid(let_in) * np.tanh(new)
                hidden = _sigmoid(let_out) * np.tanh(cell)
                out[:, frame] = hidden
            layer_in = out
        raw = np.maximum(hidden @ self._weights["linear.weight"].T + self._weights["linear.bias"], 0)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def unit(vector: Vector) -> Vector:
    """The same direction, length one."""
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)


def voiced(audio: Audio) -> Vector:
    """The speech of a recording in −1…1: raised to a common level, long pauses cut out."""
    wave = audio.samples.astype(np.float32) / 32768
    rms = float(np.sqrt(np.mean(wave**2))) if len(wave) else 0.0
    if rms > 0:
        wave = np.clip(wave * max(1.0, 10 ** ((LEVEL_DB - 20 * np.log10(rms)) / 20)), -1, 1)
    steps = len(wave) // VOICED_STEP
    wave = wave[: steps * VOICED_STEP]
    pcm = np.round(wave * 32767).astype(np.int16).reshape(steps, VOICED_STEP)
    judge = webrtcvad.Vad(3)
    flags = np.array([judge.is_speech(step.tobytes(), SPEECH_RATE) for step in pcm], dtype=np.float32)
    if not steps:
        return np.asarray(wave, dtype=np.float32)
    padded = np.concatenate([np.zeros((SMOOTHED - 1) // 2), flags, np.zeros(SMOOTHED // 2)])
    share = np.convolve(padded, np.ones(SMOOTHED) / SMOOTHED, mode="valid")
    kept = np.convolve(share > 0.5, np.ones(BRIDGED), mode="same") > 0
    return np.asarray(wave[np.repeat(kept, VOICED_STEP)], dtype=np.float32)


def _starts(samples: int) -> list[int]:
    """First frames of the parts of an utterance of so many samples."""
    frames = -(-(samples + 1) // HOP)
    starts = list(range(0, max(1, frames - PART + STEP + 1), STEP))
    covered = (samples - starts[-1] * HOP) / (PART * HOP)
    return starts[:-1] if covered < COVERED and len(starts) > 1 else starts


def _sigmoid(value: Vector) -> Vector:
    return np.asarray(0.5 + 0.5 * np.tanh(value / 2), dtype=np.float32)
