"""What a leg hears: prompts one after another, other legs beneath, all mixed in 20 ms blocks of 16 kHz.

`block` is called by the media clock's thread and never waits: sound is prepared elsewhere and handed in. What a
prompt's listener really heard is known to the sample, so the transcript keeps only the words that were played.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from media.frames import FRAME_MS, SPEECH_RATE, Samples

BLOCK = SPEECH_RATE * FRAME_MS // 1000
AUDIBLE = 200  # of 32768 (−44 dBFS): below it a telephone's listener hears nothing
DUCK = 0.25  # −12 dB while we find out whether the caller means it
FADE = BLOCK // 2  # samples (10 ms) over which a stopped prompt dies away: short enough to be at once, without a click
REWIND_MS = 300  # ms that a held prompt goes back at most, to the quietest moment: a word cut in two is not understood
LATELY = 45  # letters that may come back as an echo, ~3 s
STALLED_S = 0.1  # s without a fetch after which a stopped prompt is not waited for
KNEE = 24_000.0  # of 32768; louder sums are bent instead of clipped
QUEUE_MOST = 64  # prompts that may wait on one leg; more is a flow that runs wild
RAMP = np.linspace(0.0, 1.0, BLOCK, dtype=np.float32)
_AT_ONCE = np.concatenate([np.linspace(0.0, 1.0, FADE, dtype=np.float32), np.ones(BLOCK - FADE, dtype=np.float32)])
_FADE_OUT = np.linspace(1.0, 0.0, FADE, dtype=np.float32)

Outcome = Literal["done", "barge_in", "stopped", "failed"]


def _now() -> float:
    return time.monotonic()  # looked up at each call, so that a test may run in virtual time


@dataclass(slots=True)
class Segment:
    """A stretch of prepared sound and the words in it."""

    samples: Samples
    text: str


@dataclass(slots=True)
class Play:
    """One prompt. Sound may still be coming while it plays (`complete` false)."""

    play_id: str
    interruptible: bool
    gain: float = 1.0
    loop: bool = False
    segments: list[Segment] = field(default_factory=list)
    complete: bool = False
    error: str = ""
    ordered_at: float = field(default_factory=_now)
    first_sound_at: float = 0.0
    turn_at: float = 0.0
    audible_at: float = 0.0
    at_segment: int = 0
    at_sample: int = 0
    played: int = 0

    def left(self) -> int:
        """Samples that are prepared and were not played yet."""
        return sum(len(segment.samples) for segment in self.segments[self.at_segment :]) - self.at_sample

    def spoken(self) -> str:
        """The words whose samples were played; a word that was cut is left out."""
        whole = "".join(segment.text for segment in self.segments[: self.at_segment])
        if self.at_segment >= len(self.segments):
            return whole
        part = self.segments[self.at_segment]
        share = self.at_sample / max(1, len(part.samples))
        return whole + cut_at_word(part.text, share)


def cut_at_word(text: str, share: float) -> str:
    """The words of `text` that lie wholly within the first `share` (0…1) of it; in Chinese, the characters."""
    limit = len(text) * share
    end = 0
    for match in re.finditer(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+|\s+", text):
        if match.end() > limit:
            break
        end = match.end()
    return text[:end]


@dataclass(frozen=True, slots=True)
class Started:
    """The first audible sample of a play left; times are monotonic seconds."""

    play: Play


@dataclass(frozen=True, slots=True)
class _Ending:
    """A sounding play that was stopped and waits for its last 10 ms."""

    play: Play
    outcome: Outcome
    onset: float


@dataclass(frozen=True, slots=True)
class Finished:
    """A play ended."""

    play: Play
    outcome: Outcome
    spoken: str
    stop_ms: float = 0.0


class Playout:
    """Thread safe. `tell` is called from whichever thread made something happen: hand it on, do not work in it."""

    def __init__(
        self,
        tell: Callable[[Started | Finished], None],
        others: Callable[[], npt.NDArray[np.float32] | None] = lambda: None,
        clock: Callable[[], float] = _now,
        copy: Callable[[Samples], None] | None = None,
    ) -> None:
        self._tell = tell
        self._others = others
        self._copy = copy
        self._clock = clock
        self._lock = threading.Lock()
        self._plays: list[Play] = []
        self._ducked = False
        self._held = False
        self._held_at = 0.0
        self._level = 1.0
        self._ending: list[_Ending] = []
        self._fetched_at = 0.0

    # ------------------------------------------------------------------ plays

    def add(self, play: Play) -> None:
        """Queue a play behind those there are. Raises ValueError when too many wait."""
        with self._lock:
            if len(self._plays) >= QUEUE_MOST:
                raise ValueError(f"{QUEUE_MOST} prompts wait on this leg already: stop some, or wait for PlayFinished")
            self._plays.append(play)

    def feed(self, play: Play, samples: Samples, text: str) -> None:
        """More sound for a play."""
        with self._lock:
            if play.first_sound_at == 0.0:
                play.first_sound_at = self._clock()
            play.segments.append(Segment(samples, text))

    def complete(self, play: Play, error: str = "") -> None:
        """No more sound will come."""
        with self._lock:
            play.complete = True
            play.error = error

    def stop(self, play_id: str | None, outcome: Outcome = "stopped", *, onset: float = 0.0) -> None:
        """End one play, or all; `onset` (monotonic s) is when the voice began that stops them."""
        with self._lock:
            stopped = [p for p in self._plays if play_id is None or p.play_id == play_id]
            self._end(stopped, outcome, onset)

    def interrupt(self, onset: float) -> bool:
        """The caller talks over us: end every interruptible play. True when one was audible."""
        with self._lock:
            stopped = [p for p in self._plays if p.interruptible]
            audible = any(p.audible_at for p in stopped)
            self._end(stopped, "barge_in", onset)
            self._ducked = self._held = False
            return audible

    def ahead_ms(self) -> int:
        """How long what is prepared still plays."""
        with self._lock:
            left = sum(play.left() for play in self._plays if not play.loop)
        return left * 1000 // SPEECH_RATE

    def interruptible_audible(self) -> bool:
        """Is a prompt sounding that the caller may talk over?"""
        with self._lock:
            return bool(self._plays) and self._plays[0].interruptible and self._plays[0].audible_at > 0

    def duck(self, on: bool) -> None:
        """Lower (or restore) interruptible prompts."""
        with self._lock:
            self._ducked = on

    def hold(self, on: bool) -> None:
        """Let the interruptible prompt that sounds stand still, silent, or go on from a quiet moment shortly before."""
        with self._lock:
            if on and not self._held:
                self._held_at = self._clock() + FADE / SPEECH_RATE
            elif self._held and not on and self._plays:
                _rewind(self._plays[0])
            self._held = on

    def settle(self, *, at_once: bool = False) -> None:
        """End stopped plays whose last block nobody fetches (the media clock stands still, or `at_once`)."""
        with self._lock:
            if self._ending and (at_once or self._clock() - self._fetched_at > STALLED_S):
                for ending in self._ending:
                    self._finish(ending)
                self._ending.clear()

    def current(self) -> str | None:
        """The play at the head of the queue."""
        with self._lock:
            return self._plays[0].play_id if self._plays else None

    def lately(self) -> str:
        """The words of the sounding prompt that were played last, ~3 s of them."""
        with self._lock:
            return self._plays[0].spoken()[-LATELY:] if self._plays else ""

    # ------------------------------------------------------------------ the media clock

    def block(self) -> Samples:
        """The next 20 ms, shape (320,) at 16 kHz; silence when there is nothing."""
        with self._lock:
            self._fetched_at = self._clock()
            tail = self._tail() if self._ending else None
            level = self._level
            mix = self._take()
        others = self._others()
        if tail is None and self._copy is not None:
            self._copy(mix)
        if tail is None and others is None:
            return mix
        total = mix.astype(np.float32)
        if tail is not None:
            total[:FADE] += tail * level
            if self._copy is not None:
                self._copy(_limited(total))
        if others is not None:
            total += others
        return _limited(total)

    def _tail(self) -> npt.NDArray[np.float32]:
        total = np.zeros(FADE, dtype=np.float32)
        for ending in self._ending:
            piece = np.zeros(FADE, dtype=np.int16)
            self._read(ending.play, piece)
            total += piece * _FADE_OUT
            self._finish(ending, FADE / SPEECH_RATE)
        self._ending.clear()
        return total

    def _take(self) -> Samples:
        out = np.zeros(BLOCK, dtype=np.int16)
        filled = 0
        while self._plays and filled < BLOCK:
            play = self._plays[0]
            if self._held and play.interruptible and self._level == 0.0:
                break
            if not play.turn_at:
                play.turn_at = self._fetched_at
            got = self._read(play, out[filled:])
            filled += got
            if got == 0:
                if not play.complete:
                    break  # its next clause is still being made
                self._plays.pop(0)
                outcome: Outcome = "failed" if play.error else "done"
                self._tell(Finished(play, outcome, play.spoken()))
        target = self._target()
        if target != self._level or target != 1.0:
            gains = self._level + (target - self._level) * (_AT_ONCE if target == 0.0 else RAMP)
            self._level = target
            out = (out * gains).astype(np.int16)
        return out

    def _target(self) -> float:
        if not self._plays or not self._plays[0].interruptible:
            return 1.0
        return 0.0 if self._held else DUCK if self._ducked else 1.0

    def _read(self, play: Play, out: Samples) -> int:
        done = 0
        while done < len(out):
            if play.at_segment >= len(play.segments):
                if not (play.loop and play.complete and play.segments):
                    break
                play.at_segment = play.at_sample = 0
            segment = play.segments[play.at_segment].samples
            piece = segment[play.at_sample : play.at_sample + len(out) - done]
            out[done : done + len(piece)] = (
                piece if play.gain == 1.0 else (piece * np.float32(play.gain)).astype(np.int16)
            )
            done += len(piece)
            play.at_sample += len(piece)
            if play.at_sample >= len(segment):
                play.at_segment += 1
                play.at_sample = 0
        play.played += done
        if play.audible_at == 0.0 and done and int(np.abs(out[:done]).max()) > AUDIBLE:
            play.audible_at = self._clock()
            self._tell(Started(play))
        return done

    def _end(self, stopped: list[Play], outcome: Outcome, onset: float) -> None:
        for play in stopped:
            ending = _Ending(play, outcome, onset)
            sounding = play is self._plays[0] and play.audible_at > 0
            silent = self._held and play.interruptible and self._level == 0.0
            self._plays.remove(play)
            play.complete = True
            if sounding and silent:
                self._finish(ending, self._held_at - self._clock())
            elif sounding:
                self._ending.append(ending)
            else:
                self._finish(ending)

    def _finish(self, ending: _Ending, more_s: float = 0.0) -> None:
        last_audible = self._clock() + more_s
        stop_ms = max(0.0, (last_audible - ending.onset) * 1000) if ending.onset else 0.0
        self._tell(Finished(ending.play, ending.outcome, ending.play.spoken(), stop_ms))


def _rewind(play: Play) -> None:
    """Back to the quietest 20 ms of the last `REWIND_MS` of the stretch that was sounding."""
    if play.at_segment >= len(play.segments):
        return
    samples = play.segments[play.at_segment].samples
    least = max(0, play.at_sample - REWIND_MS * SPEECH_RATE // 1000)
    starts = range(least, play.at_sample - BLOCK, BLOCK // 2)
    if not starts:
        return
    quietest = min(starts, key=lambda at: int(np.abs(samples[at : at + BLOCK]).sum(dtype=np.int64)))
    play.played -= play.at_sample - quietest
    play.at_sample = quietest


def _limited(total: npt.NDArray[np.float32]) -> Samples:
    """Float samples → int16; what is beyond the knee is bent towards full scale, below it nothing changes."""
    size = np.abs(total)
    if size.max(initial=0.0) > KNEE:
        room = 32_767.0 - KNEE
        bent = np.sign(total) * (KNEE + room * np.tanh((size - KNEE) / room))
        total = np.where(size > KNEE, bent, total)
    return total.astype(np.int16)
