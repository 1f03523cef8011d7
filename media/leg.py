"""One leg's audio, from the wire to the recogniser and from the voice back to the wire.

    receive() ─▶ 16 kHz ─▶ mute ─┬─▶ recorder (left)          fetch() ◀─ resample ◀─ recorder (right) ◀─┐
      any thread                 ├─▶ mix: the other legs         any thread                             │
                                 └─▶ voice activity ─▶ ear       playout: prompts, music, others ───────┘
                                          └─▶ barge-in ─▶ playout

Transports call `receive` with what came and `fetch` for what to send, at their own clock; neither ever waits.
Everything else happens in the event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import soundfile
import structlog

from media import tones
from media.backchannel import echoes
from media.barge_in import BargeIn, Step
from media.echo import EchoGuard, softened
from media.frames import FRAME_MS, SPEECH_RATE, Audio, Samples
from media.hearing import FAILURES, Ear
from media.inference import InferenceClient
from media.mix import Mix
from media.options import MediaOptions
from media.playout import BLOCK, Finished, Play, Playout, Started
from media.recorder import Recorder
from media.resample import Resampler, convert
from media.vad import VoiceActivity
from session import wire
from session.consent import require

log = structlog.get_logger(__name__)

INBOUND_BACKLOG = 50  # packets (1 s) that may wait for a stalled event loop; older ones are lost, as on a network
SPEECH_LIKELY = 0.3  # below Silero's own 0.5: a hold for a noise costs little, a voice that is missed is talked over
CHECK_AUDIO_MS = 300
GAP_MS = 200  # ms of missing packets after which the leg's clock jumps on
AHEAD_MS = 60  # ms the leg's clock may run ahead after a burst; set right between utterances
TICK_S = 0.1
STALL_MS = 300  # ms without a packet that count as silence: a caller whose network died has stopped talking
LONGEST_FILE_S = 1800  # s; 58 MB in memory

_DOWN = np.clip(np.linspace(1.0, -1.0, BLOCK, dtype=np.float32), 0.0, None)  # gone after 10 ms

DtmfSource = Literal["rfc4733", "info", "inband", "page"]


class LegMedia:
    """Everything audio of one leg. Made in the event loop; `receive` and `fetch` may be called from any thread."""

    def __init__(
        self,
        leg_id: str,
        role: wire.LegRole,
        *,
        options: MediaOptions,
        inference: InferenceClient,
        emit: Callable[[wire.LegEvent], None],
        bridge_dir: Path,
    ) -> None:
        self.leg_id = leg_id
        self.role = role
        self.last_inbound = time.monotonic()
        self._emit = emit
        self._inference = inference
        self._loop = asyncio.get_running_loop()
        self._inbound: deque[Audio] = deque(maxlen=INBOUND_BACKLOG)
        self._wake = threading.Event()
        self._started_at = 0.0
        self._clock_ms = 0
        self._muted = self._was_muted = False
        self._keys = tones.Keys()
        self._deaf = False
        self._pending = np.zeros(0, dtype=np.int16)
        self._resampler: Resampler | None = None
        self._vad = VoiceActivity()
        self._echo = EchoGuard()
        self.mix = Mix(leg_id, bridge_dir, told=self._peer_heard)
        self._played = Mix(wire.played(leg_id), bridge_dir, told=self._peer_heard)
        """What is played here, for those who are to hear it too."""
        self._playout = Playout(self._playout_told, self.mix.pull, copy=self._play_on)
        self._ear = Ear(leg_id, options, inference, emit, self._playout.interruptible_audible, self._words)
        self._barge_in = BargeIn()
        self._checking: asyncio.Task[None] | None = None
        self._speaking: dict[str, asyncio.Task[None]] = {}
        self._recorder: Recorder | None = None
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._voice = asyncio.Lock()
        self._fetch_lock = threading.Lock()
        self._out_resampler: Resampler | None = None
        self._out = np.zeros(0, dtype=np.int16)

    # ------------------------------------------------------------------ the transports' side

    def start(self, hearing: wire.Hearing, record_path: str | None) -> None:
        """Audio may flow from now on. Raises OSError when the recording cannot be made, ValueError as `handle`."""
        self._hear(hearing)
        self._started_at = self.last_inbound = time.monotonic()
        if record_path is not None:
            self._recorder = Recorder(Path(record_path))
        self._ticker = self._loop.create_task(self._tick(), name=f"leg-{self.leg_id}")

    def receive(self, audio: Audio) -> None:
        """One packet's worth from the remote side, any rate."""
        self.last_inbound = time.monotonic()
        if self._closed or not self._started_at:
            return
        self._inbound.append(audio)
        if not self._wake.is_set():
            self._wake.set()
            self._loop.call_soon_threadsafe(self._take_inbound)

    def fetch(self, rate: int, samples: int) -> Samples:
        """The next `samples` at `rate` Hz for the remote side."""
        with self._fetch_lock:
            if self._out_resampler is None or self._out_resampler.target != rate:
                self._out_resampler = Resampler(SPEECH_RATE, rate)
            parts = [self._out]
            have = len(self._out)
            while have < samples:
                block = self._playout.block()
                self._echo.sent(block)
                if self._recorder is not None and self._started_at:
                    self._recorder.right(block)
                part = self._out_resampler.push(self._keys.over(block))  # not recorded: keys may be a secret
                parts.append(part)
                have += len(part)
            joined = np.concatenate(parts) if len(parts) > 1 else parts[0]
            self._out = joined[samples:]
            return joined[:samples]

    def dtmf(self, digit: str, source: str) -> None:
        """A key was pressed; it also stops prompts that may be talked over. Raises ValueError for another source."""
        if source not in get_args(DtmfSource):
            raise ValueError(f"a key comes from one of {', '.join(get_args(DtmfSource))}, not {source!r}")
        self._playout.interrupt(time.monotonic())
        self._emit(wire.DtmfReceived(leg_id=self.leg_id, digit=digit, source=cast(DtmfSource, source)))

    def send_keys(self, digits: str) -> None:
        """Let the remote side hear keys, on top of all else. Raises ValueError for what is no key, or too many."""
        self._keys.press(digits)

    def hold(self, on: bool) -> None:
        """The leg is on hold, by us or by its own phone: what comes meanwhile (their music) nobody hears."""
        self._deaf = on
        if on:
            self._ear.interrupt("the leg is on hold")
            self._do(self._barge_in.reset())

    @property
    def playing(self) -> str | None:
        """The prompt that sounds, for a restarted app."""
        return self._playout.current()

    # ------------------------------------------------------------------ the app's side

    async def handle(self, command: wire.LegCommand) -> None:
        """Carry out a media command. Raises ValueError naming what is wrong with it."""
        match command:
            case wire.PlaySpeech():
                self._speak(command)
            case wire.PlayFile():
                self._play_file(command)
            case wire.PlayTone():
                self._play_tone(command)
            case wire.StopPlay():
                self._stop(command.play_id)
            case wire.SetHearing():
                self._hear(command.hearing)
                if not command.hearing.speech:
                    self._do(self._barge_in.reset())
            case wire.MixLeg():
                self.mix.order(command.hears, command.sends_to)
                self._played.order((), command.plays_to)
            case wire.MuteLeg():
                self._muted = command.on
            case wire.RecordLeg():
                await self._record(command)
            case _:
                raise ValueError(f"{type(command).__name__} is no media command")

    def _hear(self, hearing: wire.Hearing) -> None:
        if hearing.emotion is not None:
            if self.role != "customer":
                raise ValueError(
                    "only the customer's voice is analysed: emotion of people at work is none of our business"
                )
            require(hearing.emotion)
        self._barge_in.answering = hearing.expects != "sentence"
        self._ear.set_hearing(hearing)

    async def close(self) -> None:
        """End everything; the recording is complete when this returns. Further calls wait for the first."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name=f"leg-close-{self.leg_id}")
        await asyncio.shield(self._closing)  # a caller with a time limit does not cut the recording off

    async def _close(self) -> None:
        self._closed = True
        for task in [*self._speaking.values(), self._checking, self._ticker]:
            if task is not None:
                task.cancel()
        self._playout.stop(None)
        self._playout.settle(at_once=True)
        await asyncio.sleep(0)  # lets the last PlayFinished out before whatever the caller emits next
        self.mix.close()
        self._played.close()
        await asyncio.gather(self._ear.close(), self._stop_recording())

    # ------------------------------------------------------------------ inbound

    def _take_inbound(self) -> None:
        self._wake.clear()
        while self._inbound:
            self._frames(self._inbound.popleft())

    def _frames(self, audio: Audio) -> None:
        if self._resampler is None or self._resampler.source != audio.rate:
            self._resampler = Resampler(audio.rate, SPEECH_RATE)
        self._pending = np.concatenate([self._pending, self._resampler.push(audio.samples)])
        while len(self._pending) >= BLOCK:
            frame, self._pending = self._pending[:BLOCK], self._pending[BLOCK:]
            if self._muted or self._was_muted:
                frame = self._hushed(frame)
            self._frame(frame)

    def _hushed(self, frame: Samples) -> Samples:
        """Silence; at its beginning and end a fade, since a voice that is cut off clicks."""
        was, self._was_muted = self._was_muted, self._muted
        if was and self._muted:
            return np.zeros_like(frame)
        return (frame * (_DOWN if self._muted else _DOWN[::-1])).astype(np.int16)

    def _frame(self, frame: Samples) -> None:
        now_ms = int((time.monotonic() - self._started_at) * 1000)
        behind = now_ms - FRAME_MS - self._clock_ms
        if behind > GAP_MS or (behind < -AHEAD_MS and not self._ear.open):
            self._clock_ms = now_ms - FRAME_MS
        t_ms = self._clock_ms
        self._clock_ms += FRAME_MS
        if self._recorder is not None:
            self._recorder.left(frame)
        if self._deaf:
            return
        self.mix.send(frame)
        if not self._ear.hearing.speech:
            return
        only_echo = self._echo.is_echo(frame)
        voiced = self._vad.voiced(frame) and not only_echo
        self._ear.push(t_ms, softened(frame) if only_echo else frame, voiced)
        self._watch_barge_in(voiced)

    async def _tick(self) -> None:
        """What must go on when no packets come or nobody fetches."""
        silence = np.zeros(BLOCK, dtype=np.int16)
        while True:
            await asyncio.sleep(TICK_S)
            self._playout.settle()
            now_ms = int((time.monotonic() - self._started_at) * 1000)
            while (self._ear.open or self._barge_in.held) and now_ms - self._clock_ms > STALL_MS:
                self._ear.push(self._clock_ms, silence, False)
                self._watch_barge_in(False)
                self._clock_ms += FRAME_MS

    def _watch_barge_in(self, voiced: bool) -> None:
        if not self._playout.interruptible_audible():
            self._do(self._barge_in.reset())
            return
        self._do(self._barge_in.push(voiced, time.monotonic()))

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Step.DUCK:
                    self._playout.duck(True)
                case Step.HOLD:
                    self._playout.hold(True)
                case Step.RESTORE:
                    self._playout.hold(False)
                    self._playout.duck(False)
                case Step.STOP:
                    self._playout.interrupt(self._barge_in.onset or time.monotonic())
                    self._do(self._barge_in.reset())
                case Step.CHECK if self._checking is None or self._checking.done():
                    audio = self._ear.recent(CHECK_AUDIO_MS)
                    if audio is not None:
                        self._checking = asyncio.create_task(self._check(audio))

    async def _check(self, audio: Audio) -> None:
        try:
            likely = await self._inference.speech_check(audio)
        except FAILURES:
            likely = 1.0  # rather stop for a noise than talk on over a person
        self._do(self._barge_in.checked(likely >= SPEECH_LIKELY))

    def _words(self, text: str, ended: bool) -> None:
        """Words of the utterance in progress: do they want the floor?"""
        if echoes(text, self._playout.lately()):
            text = ""
        self._do(self._barge_in.words(text, ended=ended))

    # ------------------------------------------------------------------ outbound

    def _speak(self, command: wire.PlaySpeech) -> None:
        play = Play(command.play_id, command.interruptible)
        self._playout.add(play)
        self._keep(command.play_id, self._synthesise(play, command))

    async def _synthesise(self, play: Play, command: wire.PlaySpeech) -> None:
        error = ""
        try:
            async with self._voice:  # one prompt after another, so that the first is not slowed by the second
                async for clause in self._inference.speak(
                    command.text,
                    command.locale,
                    command.voice,
                    command.say_as,
                    command.style,
                    ahead_ms=self._playout.ahead_ms(),
                ):
                    audio = convert(Audio.frombytes(clause.pcm, clause.rate), SPEECH_RATE)
                    self._playout.feed(play, audio.samples, clause.text)
        except (*FAILURES, ValueError) as failure:  # ValueError: what came is not speech (half a sample, no msgpack)
            error = f"speech could not be made: {failure!r}"
            log.error("leg.speech_failed", leg=self.leg_id, error=repr(failure))
        self._playout.complete(play, error)

    def _play_file(self, command: wire.PlayFile) -> None:
        play = Play(command.play_id, command.interruptible, gain=10 ** (command.gain_db / 20), loop=command.loop)
        self._playout.add(play)
        self._keep(command.play_id, self._load(play, command.path))

    async def _load(self, play: Play, path: str) -> None:
        try:
            audio = await asyncio.to_thread(load_audio, Path(path))
        except (OSError, ValueError) as error:
            log.error("leg.file_failed", leg=self.leg_id, error=str(error))
            self._playout.complete(play, str(error))
            return
        self._playout.feed(play, audio.samples, "")
        self._playout.complete(play)

    def _play_tone(self, command: wire.PlayTone) -> None:
        play = Play(command.play_id, interruptible=False, gain=10 ** (command.gain_db / 20), loop=command.loop)
        self._playout.add(play)
        self._playout.feed(play, tones.signal(command.tone), "")
        self._playout.complete(play)

    def _keep(self, play_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"play-{play_id}")
        self._speaking[play_id] = task
        task.add_done_callback(lambda _task: self._speaking.pop(play_id, None))

    def _stop(self, play_id: str | None) -> None:
        for key, task in list(self._speaking.items()):
            if play_id is None or key == play_id:
                task.cancel()
        self._playout.stop(play_id)

    def _playout_told(self, news: Started | Finished) -> None:
        self._loop.call_soon_threadsafe(self._on_playout, news)

    def _play_on(self, block: Samples) -> None:
        """Called by the media clock's thread."""
        if self._played.listened_to:
            self._loop.call_soon_threadsafe(self._played.send, block)

    def _on_playout(self, news: Started | Finished) -> None:
        play = news.play
        if isinstance(news, Started):
            first = play.first_sound_at or play.ordered_at
            turn = max(first, play.turn_at)
            self._emit(
                wire.PlayStarted(
                    leg_id=self.leg_id,
                    play_id=play.play_id,
                    at_ms=self._leg_ms(play.audible_at),
                    ledger=[
                        wire.Stage(name="synthesis", ms=round((first - play.ordered_at) * 1000, 1)),
                        wire.Stage(name="queue", ms=round((turn - first) * 1000, 1)),
                        wire.Stage(name="playout", ms=round((play.audible_at - turn) * 1000, 1)),
                    ],
                )
            )
            return
        if (task := self._speaking.get(play.play_id)) is not None:
            task.cancel()
        self._emit(
            wire.PlayFinished(
                leg_id=self.leg_id,
                play_id=play.play_id,
                outcome=news.outcome,
                spoken=news.spoken,
                at_ms=self._leg_ms(time.monotonic()),
                played_ms=play.played * 1000 // SPEECH_RATE,
                stop_ms=round(news.stop_ms, 1),
                error=play.error,
            )
        )

    def _leg_ms(self, at: float) -> int:
        return max(0, int((at - self._started_at) * 1000)) if self._started_at else 0

    # ------------------------------------------------------------------ other legs, and recording

    def _peer_heard(self, peer: str, heard: bool, reason: wire.PeerReason) -> None:
        log.info("leg.peer", leg=self.leg_id, peer=peer, heard=heard, reason=reason)
        self._emit(wire.PeerHeard(leg_id=self.leg_id, peer_leg_id=peer, heard=heard, reason=reason))

    async def _record(self, command: wire.RecordLeg) -> None:
        if self._recorder is None:
            return
        if command.action == "stop":
            await self._stop_recording()
        else:
            self._recorder.paused = command.action == "pause"

    async def _stop_recording(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        duration_ms = await asyncio.to_thread(recorder.close)
        self._emit(
            wire.RecordingClosed(leg_id=self.leg_id, path=str(recorder.path), duration_ms=duration_ms, rate=SPEECH_RATE)
        )


def load_audio(path: Path) -> Audio:
    """A sound file as mono 16 kHz. Raises OSError or ValueError naming the file."""
    try:
        about = soundfile.info(path)
        if about.duration > LONGEST_FILE_S:
            raise ValueError(f"{path} lasts {about.duration:.0f} s; at most {LONGEST_FILE_S} s can be played")
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"{path} is not a sound file that can be played: {error}") from error
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1).astype(np.int16)
    return convert(Audio(np.ascontiguousarray(mono), int(rate)), SPEECH_RATE)
