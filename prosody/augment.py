"""What a telephone does to a voice: codecs, lost packets, level, noise. For training, evaluation and benchmarks.

Every function takes and gives a wave at 16 kHz, shape (n,), −1…1, and keeps its length.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from media.frames import SPEECH_RATE

Wave = npt.NDArray[np.float32]
Codec = Literal["ULAW", "ALAW", "GSM610"]
Condition = Literal["clean", "g711", "loss5", "noise"]

CONDITIONS: tuple[Condition, ...] = ("clean", "g711", "loss5", "noise")
LINE_RATE = 8000
PACKET = 160  # samples at 8 kHz: 20 ms
LOSS = 0.05  # of the condition `loss5`
SNR_DB = 10.0  # of the condition `noise`
LEVELS_DB = (-46.0, -18.0)  # RMS in dBFS that training spreads speech over, so that loudness tells it nothing


def codec(wave: Wave, kind: Codec, loss: float = 0.0, rng: np.random.Generator | None = None) -> Wave:
    """Through an 8 kHz codec (G.711 µ-law or A-law, GSM full rate), `loss` of its 20 ms packets lost and concealed."""
    narrow = np.clip(soxr.resample(wave, SPEECH_RATE, LINE_RATE), -1.0, 1.0)
    line = io.BytesIO()
    soundfile.write(line, narrow, LINE_RATE, format="WAV", subtype=kind)
    line.seek(0)
    heard = soundfile.read(line, dtype="float32")[0][: len(narrow)]
    heard = np.pad(heard, (0, len(narrow) - len(heard)))  # GSM writes whole frames and may leave out the last
    if loss and rng is not None:
        heard = conceal(heard, rng.random(-(-len(heard) // PACKET)) < loss)
    wide = soxr.resample(heard, LINE_RATE, SPEECH_RATE)[: len(wave)]
    return np.asarray(np.pad(wide, (0, len(wave) - len(wide))), dtype=np.float32)


def conceal(wave: Wave, lost: npt.NDArray[np.bool_]) -> Wave:
    """8 kHz with the packets marked in `lost` (packets,) made up from what came before them.

    As in ITU-T G.711 Appendix I, without its overlap: the last pitch period repeated, from 10 ms on fading by 20 % every
    10 ms, silent after 60 ms.
    """
    out = wave.copy()
    since = 0  # samples concealed in a row
    for packet in np.flatnonzero(lost):
        start = int(packet) * PACKET
        since = since if packet and lost[packet - 1] else 0
        before = out[max(0, start - since - 400) : start - since].astype(np.float64)
        length = len(out[start : start + PACKET])
        if len(before) < 320:
            out[start : start + PACKET] = 0.0
        else:
            period = _period(before)
            at = since + np.arange(length)
            fade = np.clip(1.0 - np.maximum(at - 80, 0) / 400, 0.0, 1.0)
            out[start : start + PACKET] = before[len(before) - period + at % period] * fade
        since += length
    return out


def _period(before: npt.NDArray[np.float64]) -> int:
    """Pitch lag in samples at 8 kHz, 40…120 (66–200 Hz), by normalised correlation of the last 160."""
    tail = before[-160:]
    lags = np.arange(40, 121)
    past = np.stack([before[len(before) - 160 - lag : len(before) - lag] for lag in lags])
    return int(lags[np.argmax(past @ tail / np.sqrt((past**2).sum(axis=1) + 1e-9))])


def level(wave: Wave, dbfs: float) -> Wave:
    """With an RMS of `dbfs`, clipped as a 16-bit path would."""
    rms = float(np.sqrt(np.mean(wave.astype(np.float64) ** 2))) + 1e-9
    return np.asarray(np.clip(wave * (10 ** (dbfs / 20) / rms), -1.0, 1.0), dtype=np.float32)


def noisy(wave: Wave, noise: Wave, snr_db: float) -> Wave:
    """With `noise` (any length ≥ 1; repeated) added, `snr_db` below the speech's mean power."""
    added = np.resize(noise, len(wave)).astype(np.float64)
    speech = float(np.mean(wave.astype(np.float64) ** 2))
    added *= np.sqrt(speech / (np.mean(added**2) + 1e-12)) * 10 ** (-snr_db / 20)
    return np.asarray(np.clip(wave + added, -1.0, 1.0), dtype=np.float32)


def under(wave: Wave, condition: Condition, key: str, noises: Sequence[Wave]) -> Wave:
    """The utterance named `key` as a test condition has it: its losses and its noise follow from its name.

    `noise` is 10 dB below the speech and goes through G.711 with it. Raises ValueError when it is wanted and none given.
    """
    rng = np.random.default_rng(list(key.encode()))
    match condition:
        case "clean":
            return wave
        case "g711":
            return codec(wave, "ULAW")
        case "loss5":
            return codec(wave, "ULAW", LOSS, rng)
        case "noise":
            if not noises:
                raise ValueError("the condition noise needs recordings of noise")
            return codec(noisy(wave, _some(noises, len(wave), rng), SNR_DB), "ULAW")


def variants(wave: Wave, rng: np.random.Generator, noises: Sequence[Wave]) -> list[Wave]:
    """What training hears of an utterance, each at a level drawn from `LEVELS_DB`.

    Wide and clean; through one of three codecs; through G.711 with 2–10 % of the packets lost; in noise of 5–20 dB
    through G.711, or wide and clean once more where there are no `noises`.
    """

    def leveled() -> Wave:
        return level(wave, float(rng.uniform(*LEVELS_DB)))

    kinds: tuple[Codec, ...] = ("ULAW", "ALAW", "GSM610")
    loud = leveled()
    if noises:
        loud = codec(noisy(loud, _some(noises, len(wave), rng), float(rng.uniform(5, 20))), kinds[int(rng.integers(2))])
    return [
        leveled(),
        codec(leveled(), kinds[int(rng.integers(3))]),
        codec(leveled(), kinds[int(rng.integers(2))], float(rng.uniform(0.02, 0.1)), rng),
        loud,
    ]


def _some(noises: Sequence[Wave], length: int, rng: np.random.Generator) -> Wave:
    noise = noises[int(rng.integers(len(noises)))]
    start = int(rng.integers(len(noise)))
    return np.resize(np.roll(noise, -start), length)
