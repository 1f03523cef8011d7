"""Signals by arithmetic: each a cadence of sines at 16 kHz, repeated by whoever loops it.

The network's signals follow Europe's usual 425 Hz (ETSI TR 101 041-1; ITU-T E.180); the others are ours, soft and
unlike any of those, so that nobody takes "one moment" for "engaged". Keys are ITU-T Q.23's pairs.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache

import numpy as np

from media.frames import FRAME_MS, SPEECH_RATE, Samples
from session import wire

EDGE_MS = 8  # ms over which a sound begins and ends; shorter clicks
KEY_MS = 100  # ms a key sounds; Q.24 wants 40
KEY_PAUSE_MS = 100
KEY_DBFS = -12.0  # of both frequencies together
KEYS_MOST = 32
FRAME = SPEECH_RATE * FRAME_MS // 1000  # samples
_ROWS, _COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
_KEYS = "123A456B789C*0#D"


@dataclass(frozen=True, slots=True)
class Sound:
    """`hz` together for `ms` at `dbfs`, dying away over its length if it `rings`; no `hz` is silence."""

    ms: int
    hz: tuple[float, ...] = ()
    dbfs: float = -22.0
    rings: bool = False


CADENCES: dict[wire.Tone, tuple[Sound, ...]] = {
    # "One moment": two soft strokes, then seven times as long nothing, so that it does not nag.
    "courtesy": (Sound(350, (660.0,), rings=True), Sound(350, (880.0,), rings=True), Sound(4300)),
    "join": (Sound(120, (660.0,)), Sound(150, (990.0,))),
    "leave": (Sound(120, (990.0,)), Sound(150, (660.0,))),
    "park": (Sound(90, (880.0,)), Sound(60), Sound(90, (880.0,)), Sound(60), Sound(90, (880.0,)), Sound(300)),
    "ringback": (Sound(1000, (425.0,)), Sound(4000)),
    "busy": (Sound(480, (425.0,)), Sound(480)),
}


@cache
def signal(tone: wire.Tone) -> Samples:
    """One round of a signal's cadence, shape (n,) at 16 kHz, a whole number of 20 ms. Not to be written to."""
    return _joined(CADENCES[tone])


@cache
def key(digit: str) -> Samples:
    """One key and the pause after it, as heard on a telephone. Raises ValueError for what is no key."""
    at = _KEYS.find(digit.upper()) if len(digit) == 1 else -1
    if at < 0:
        raise ValueError(f"a key is one of 0-9 A-D * #, not {digit!r}")
    pair = (_ROWS[at // 4], _COLUMNS[at % 4])
    return _joined((Sound(KEY_MS, pair, KEY_DBFS), Sound(KEY_PAUSE_MS)))


class Keys:
    """Keys sounding on top of what one leg hears. `press` in any thread, `over` on the media clock's."""

    def __init__(self) -> None:
        self._waiting: deque[Samples] = deque()

    def press(self, digits: str) -> None:
        """One after another, after those that sound. Raises ValueError for what is no key, or too many."""
        sounds = [key(digit) for digit in digits]
        blocks = [sound[at : at + FRAME] for sound in sounds for at in range(0, len(sound), FRAME)]
        if len(self._waiting) + len(blocks) > KEYS_MOST * len(key("0")) // FRAME:
            raise ValueError(f"at most {KEYS_MOST} keys may wait on a leg")
        self._waiting.extend(blocks)

    def over(self, block: Samples) -> Samples:
        """The next 20 ms with the key that sounds now; the block itself when none does."""
        if not self._waiting:
            return block
        both: Samples = np.clip(block.astype(np.int32) + self._waiting.popleft(), -32768, 32767).astype(np.int16)
        return both


def _joined(sounds: tuple[Sound, ...]) -> Samples:
    samples = np.concatenate([_sound(one) for one in sounds])
    padded = np.zeros(-(-len(samples) // FRAME) * FRAME, dtype=np.int16)
    padded[: len(samples)] = samples
    padded.setflags(write=False)
    return padded


def _sound(sound: Sound) -> Samples:
    count = SPEECH_RATE * sound.ms // 1000
    if not sound.hz:
        return np.zeros(count, dtype=np.int16)
    seconds = np.arange(count) / SPEECH_RATE
    wave = np.sum([np.sin(2 * np.pi * hz * seconds) for hz in sound.hz], axis=0) / len(sound.hz)
    if sound.rings:
        wave *= np.exp(-5.0 * seconds * 1000 / sound.ms)
    edge = SPEECH_RATE * EDGE_MS // 1000
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    wave[:edge] *= ramp
    wave[-edge:] *= ramp[::-1]
    samples: Samples = (32767 * 10 ** (sound.dbfs / 20) * wave).astype(np.int16)
    return samples
