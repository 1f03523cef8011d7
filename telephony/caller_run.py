"""Places one call by a plan and reports what happened. A real SIP user agent: run it in a process of its own."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import soundfile

from media.frames import SPEECH_RATE
from telephony.dial_rules import parse_uri
from telephony.endpoint import CodecName, EndpointConfig, SrtpMode
from telephony.script import ScriptError, Step
from telephony.stream import MediaStats
from telephony.tape import Played, load_speech
from telephony.useragent import UaCall, UserAgent, local_address_for

EXIT_OK = 0  # answered, and media came back
EXIT_BAD_INPUT = 2
EXIT_NOT_ANSWERED = 3
EXIT_NO_MEDIA = 4
EXIT_FAILED = 5

COMMA_S = 0.5
DIGIT_GAP_S = 0.25  # tone and pause: the library sends 160 ms of tone
STATS_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call: whom, as whom, and what to do once it is answered. Times in seconds after the answer."""

    target: str
    steps: tuple[Step, ...] = ()
    timed: tuple[tuple[float, Step], ...] = ()  # (s after the answer, step), beside the steps
    from_uri: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    codec: CodecName | None = None
    srtp: SrtpMode = "optional"
    ring_s: float = 30.0  # unanswered for longer: CANCEL
    max_s: float = 60.0  # longest talk
    stay_s: float = 4.0  # after the last step: hang up once the far end has been quiet for this long
    record: Path | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class StepReport:
    """When a step ran, in seconds of the call's audio clock (exact to the sample), and how it ended.

    For a play: `first_voiced_s`/`last_voiced_s` of what was sent; `reply_s` is the far end's first audible sample at or
    after the last voiced one, `reply_ms` the time between them. `overlapped` says the far end was talking just then.
    """

    kind: str
    started_s: float
    ended_s: float = 0.0
    outcome: str = "done"
    file: str = ""
    first_voiced_s: float | None = None
    last_voiced_s: float | None = None
    reply_s: float | None = None
    reply_ms: float | None = None
    overlapped: bool = False


@dataclass(slots=True)
class CallReport:
    """What became of the call. `heard` are stretches of far-end sound on the audio clock, whose zero is `audio_base`."""

    target: str
    answered: bool = False
    code: int = 0
    reason: str = ""
    ended_by: str = ""
    error: str = ""
    provisional_code: int = 0
    provisional_ms: float | None = None
    answer_ms: float | None = None
    media_ms: float | None = None
    talk_s: float = 0.0
    codec: str = ""
    srtp: bool = False
    stats: MediaStats = field(default_factory=MediaStats)
    dtmf_sent: str = ""
    dtmf_received: str = ""
    steps: list[StepReport] = field(default_factory=list)
    heard: list[tuple[float, float]] = field(default_factory=list)
    heard_s: float = 0.0
    received_s: float = 0.0
    audio_base: float | None = None
    recording: str = ""
    exit_code: int = EXIT_FAILED

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def prepare(plan: CallPlan) -> tuple[str, list[Any]]:
    """Check everything that can be checked before dialling: (our address, loaded sounds by step). Raises ValueError."""
    uri = parse_uri(plan.target)
    if uri.scheme == "sips":
        raise ScriptError("sips: is not supported; use sip: with --srtp")
    if plan.from_uri:
        parse_uri(plan.from_uri)
    sounds = [load_speech(step.path) if step.path is not None else None for step in plan.steps]
    return local_address_for(uri.host), sounds


class Lines:
    """Lines that come on a file descriptor, looked for without waiting."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = 0
        self.ended = False  # nothing comes any more

    def take(self) -> bool:
        """Whether another line has come."""
        while not self.ended and not self._unread and select.select([self._descriptor], [], [], 0)[0]:
            chunk = os.read(self._descriptor, 4096)
            self._unread += chunk.count(b"\n")
            self.ended = not chunk
        if not self._unread:
            return False
        self._unread -= 1
        return True


class _Run:
    """One call under way."""

    def __init__(self, plan: CallPlan, call: UaCall, sounds: list[Any]) -> None:
        self.plan = plan
        self.call = call
        self.report = CallReport(target=plan.target)
        self._sounds = sounds
        self._played: list[tuple[StepReport, Played]] = []
        self._heard_at_step = 0
        self._lines = Lines(0)
        self.timetable_done = not plan.timed

    def script(self) -> Generator[None, None, None]:
        """Advances whenever it is asked to; ends when the call should be hung up."""
        while not (self.call.up and self.call.at.media):
            yield
        for step, sound in zip(self.plan.steps, self._sounds, strict=True):
            yield from self._one(step, sound)
            if step.kind == "hangup":
                return
        since = self._now()
        while min(self._now() - since, self._quiet()) < self.plan.stay_s or not self.timetable_done:
            yield

    def timetable(self) -> Generator[None, None, None]:
        """What is to happen at fixed times, whatever the script is at."""
        for moment, step in sorted(self.plan.timed, key=lambda entry: entry[0]):
            while not self.call.at.answered or time.monotonic() - self.call.at.answered < moment:
                yield
            yield from self._one(step, None)

    def _one(self, step: Step, sound: Any) -> Generator[None, None, None]:
        entry = StepReport(step.kind, self._now(), file=step.path.name if step.path else "")
        self.report.steps.append(entry)
        try:
            yield from self._do(step, sound, entry)
        except ValueError as error:
            entry.outcome = str(error)
        entry.ended_s = self._now()

    def _do(self, step: Step, sound: Any, entry: StepReport) -> Generator[None, None, None]:
        match step.kind:
            case "play":
                played = self.call.tape.play(sound)
                self._played.append((entry, played))
                while not played.done:
                    yield
            case "wait":
                yield from self._sleep(step.seconds)
            case "wait_for_silence":
                until = self._now() + step.timeout_s
                while (quiet := self.call.tape.silent_for()) is None or quiet < step.silence_s or not self._spoke():
                    if self._now() > until:
                        entry.outcome = "timeout"
                        break
                    yield
                self._heard_at_step = len(self.call.tape.heard())
            case "wait_for_speech":
                until = self._now() + step.timeout_s
                while self._quiet() > 0.1:
                    if self._now() > until:
                        entry.outcome = "timeout"
                        break
                    yield
            case "wait_for_line":
                until = self._now() + step.timeout_s
                while not self._lines.take():
                    if self._lines.ended or self._now() > until:
                        entry.outcome = "no more lines" if self._lines.ended else "timeout"
                        break
                    yield
            case "dtmf":
                for digit in step.digits:
                    if digit == ",":
                        yield from self._sleep(COMMA_S)
                        continue
                    self.call.key(digit)
                    self.report.dtmf_sent += digit
                    yield from self._sleep(DIGIT_GAP_S)
            case "hold":
                self.call.hold(step.on)
                yield from self._sleep(0.2)
            case "hangup":
                pass

    def _spoke(self) -> bool:
        """The far end made a sound since the last wait for its silence."""
        return len(self.call.tape.heard()) > self._heard_at_step

    def _quiet(self) -> float:
        quiet = self.call.tape.silent_for()
        return self._now() if quiet is None else quiet

    def _sleep(self, seconds: float) -> Generator[None, None, None]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            yield

    def _now(self) -> float:
        return self.call.tape.position / SPEECH_RATE

    def finish(self) -> CallReport:
        """Fill in the report once the call is over."""
        report, call, tape = self.report, self.call, self.call.tape
        at, facts = call.at, call.facts
        report.answered = bool(at.answered)
        report.code, report.reason, report.ended_by = facts.code, facts.reason, facts.ended_by
        report.provisional_code = at.provisional_code
        report.provisional_ms = _since(at.invited, at.provisional)
        report.answer_ms = _since(at.invited, at.answered)
        report.media_ms = _since(at.invited, at.media)
        report.talk_s = round(max(0.0, at.ended - at.answered), 3) if at.answered and at.ended else 0.0
        report.codec, report.srtp, report.stats = facts.codec, facts.srtp, facts.stats
        report.dtmf_received = "".join(facts.dtmf_received)
        report.heard = [(round(start, 4), round(end, 4)) for start, end in tape.heard()]
        report.heard_s = round(sum(end - start for start, end in report.heard), 3)
        report.audio_base = tape.base
        received = tape.received()
        report.received_s = round(len(received) / SPEECH_RATE, 3)
        for index, (entry, played) in enumerate(self._played):
            following = self._played[index + 1][1].started if index + 1 < len(self._played) else None
            _measure(entry, played, report.heard, following)
        if self.plan.record is not None and report.answered:
            soundfile.write(self.plan.record, received, SPEECH_RATE, subtype="PCM_16")
            report.recording = str(self.plan.record)
        _judge(report)
        return report


def _since(start: float, moment: float) -> float | None:
    return round((moment - start) * 1000, 1) if moment else None


def _measure(entry: StepReport, played: Played, heard: list[tuple[float, float]], following: int | None) -> None:
    if played.started is None or played.voiced == (0, 0):
        return
    entry.first_voiced_s = round((played.started + played.voiced[0]) / SPEECH_RATE, 5)
    last = (played.started + played.voiced[1]) / SPEECH_RATE
    entry.last_voiced_s = round(last, 5)
    entry.overlapped = any(start < last < end for start, end in heard)
    # A sound that begins after we spoke again answers that, not this.
    limit = following / SPEECH_RATE if following is not None else float("inf")
    reply = next((start for start, _ in heard if last <= start < limit), None)
    if reply is not None:
        entry.reply_s = reply
        entry.reply_ms = round((reply - last) * 1000, 2)


def _judge(report: CallReport) -> None:
    if not report.answered:
        report.exit_code = EXIT_NOT_ANSWERED
        report.error = report.error or f"the call was not answered: {report.code} {report.reason}".strip()
    elif not report.stats.rx_packets:
        report.exit_code = EXIT_NO_MEDIA
        report.error = "the call was answered but no audio came back; look at the far end's RTP address and firewall"
    else:
        report.exit_code = EXIT_OK


def run_call(plan: CallPlan) -> CallReport:
    """Place the call and stay until it ends. One call per process: the library cannot be started twice.

    Raises ValueError when the plan cannot be carried out, RuntimeError when no port can be bound.
    """
    address, sounds = prepare(plan)
    agent = UserAgent(
        EndpointConfig(
            host=address,
            codecs=(plan.codec,) if plan.codec else ("G722", "PCMU", "PCMA"),
            srtp=plan.srtp,
            user_agent="warmline-call",
        )
    )
    agent.start(plan.from_uri or f"sip:{plan.user or 'caller'}@{address}", user=plan.user, secret=plan.password)
    try:
        call = agent.call(plan.target, plan.headers)
        run = _Run(plan, call, sounds)
        _drive(agent, call, run, plan)
        return run.finish()
    finally:
        agent.stop()


def _drive(agent: UserAgent, call: UaCall, run: _Run, plan: CallPlan) -> None:
    script, timetable = run.script(), run.timetable()
    stats_at = 0.0
    leave_by: float | None = None
    while not call.ended:
        agent.poll(5)
        now = time.monotonic()
        if leave_by is not None:
            if now > leave_by:
                call.facts.ended_by = "us"
                call.at.ended = now
                return
            continue
        if call.at.media and now - stats_at > STATS_EVERY_S:
            stats_at = now
            call.refresh_stats()
        over = next(script, StopIteration) is StopIteration
        run.timetable_done = next(timetable, StopIteration) is StopIteration
        if not call.at.answered and now - call.at.invited > plan.ring_s:
            run.report.error = f"nobody answered within {plan.ring_s:g} s"
            over = True
        if call.at.answered and now - call.at.answered > plan.max_s:
            over = True
        if over:
            call.bye()
            leave_by = now + 3.0
