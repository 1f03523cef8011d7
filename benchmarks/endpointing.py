"""Who is cut off, and how long does a finished caller wait? Our endpointing against fixed silences, in one run.

`python -m benchmarks.endpointing --json FILE` plays recorded turns through the voice detector and the endpointer in
virtual time. A decode asked for at one moment answers after `--decode-ms`: 250 is about what an utterance of 3 s takes on
two idle cores, `cpu` is every decode's own CPU time (its wall time if it had one core), `never` an inference worker that
does not answer. It reports; it asserts nothing.

Turn truth: one file is one turn, over at its last voiced frame. An utterance closed before that is a *cut* when it and
what follows in the turn hold words; one is *inside a sentence* unless the words so far end where a sentence of the
reference text ends (*between sentences*; the caller is interrupted, but understood). Closing on a breath or a click
before the first word is none. A *delay* is from the last voiced frame of the turn to `Closed`.
Weights and bounds were chosen on the half `fit` (by file, digits by speaker); the other is what is reported.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from asr.scoring import readings
from benchmarks.turns import Decodes, Turn, Words, ends, line, turns
from media.endpointing import Closed, Endpointer, Opened, Resumed, Speculated
from media.frames import FRAME_MS, SPEECH_RATE, Audio
from media.hearing import PREROLL_MS
from media.options import MediaOptions
from media.pitch import phrase_final
from media.turn_end import Bounds
from media.vad import VoiceActivity
from server.machine import machine

FIXED_MS = (300, 500, 800)
CONDITIONS = ("telephone", "wide")
ONLY_NARROW = ("prompts", "digits")  # recorded at 8 kHz: there is no wide band of them
PER_MS = SPEECH_RATE // 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one policy did with one turn. `delay_ms` is None where the last utterance was closed by its length."""

    policy: str
    turn: str
    kind: str
    half: str
    condition: str
    delay_ms: int | None
    cut_inside: int
    cut_between: int
    decodes: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A name, its endpointer's bounds, and whether it hears facts."""

    name: str
    bounds: Bounds
    speculate_ms: int
    facts: bool

    @classmethod
    def fixed(cls, ms: int) -> Policy:
        """A fixed silence."""
        return cls(f"fixed {ms}", Bounds(ms, ms, ms, ms), min(ms, 120), False)

    @classmethod
    def ours(cls, options: MediaOptions) -> Policy:
        """As a leg has it."""
        return cls("ours", Bounds.of(options), options.speculate_silence_ms, True)


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn under a condition: its audio and which frames are voiced."""

    turn: Turn
    condition: str
    audio: Audio
    voiced: list[bool]

    @classmethod
    def of(cls, turn: Turn, condition: str) -> Heard:
        """Through the line and the voice detector."""
        audio, vad, size = line(turn, condition), VoiceActivity(), PER_MS * FRAME_MS
        frames = range(0, len(audio.samples) - size + 1, size)
        return cls(turn, condition, audio, [vad.voiced(audio.samples[at : at + size]) for at in frames])

    def clip(self, from_ms: int, to_ms: int) -> Audio:
        """A part of it."""
        return Audio(self.audio.samples[max(0, from_ms) * PER_MS : to_ms * PER_MS], SPEECH_RATE)


class Player:
    """Plays turns through policies."""

    def __init__(self, decodes: Decodes, takes: str) -> None:
        self._decodes = decodes
        self._takes = takes

    def play(self, heard: Heard, policy: Policy) -> Outcome:
        """One turn through one policy; the clock is the audio's."""
        turn = heard.turn
        ear = Endpointer(bounds=policy.bounds, speculate_ms=policy.speculate_ms, max_ms=28_000)
        if policy.facts:
            ear.expect(turn.expects, turn.digit_count)
        begun, asked = 0, 0
        due: tuple[int, int, str] | None = None
        closed: list[tuple[Closed, int, int]] = []
        for number, voiced in enumerate(heard.voiced):
            now = number * FRAME_MS
            if due is not None and due[0] <= now:
                ear.say(due[1], due[2])
                due = None
            for signal in ear.push(now, voiced):
                match signal:
                    case Opened():
                        begun = now + FRAME_MS - PREROLL_MS
                    case Resumed():
                        due = None
                    case Speculated(t1_ms):
                        asked += 1
                        if policy.facts:
                            ear.sound(t1_ms, phrase_final(heard.clip(begun, t1_ms).samples))
                            if self._takes != "never":
                                words = self._decode(heard, begun, now + FRAME_MS)
                                took = round(words.cpu_ms if self._takes == "cpu" else float(self._takes))
                                due = (now + FRAME_MS + took, t1_ms, words.normalised or words.text)
                    case Closed():
                        closed.append((signal, begun, now + FRAME_MS))
                    case _:
                        pass
        return self._judge(heard, policy, closed, asked)

    def _decode(self, heard: Heard, from_ms: int, to_ms: int) -> Words:
        turn = heard.turn
        return self._decodes(
            heard.clip(from_ms, to_ms), turn.languages, final=True, expects=turn.expects, digit_count=turn.digit_count
        )

    def _words(self, heard: Heard, from_ms: int, to_ms: int) -> str:
        words = self._decode(heard, from_ms, to_ms)
        return words.normalised or words.text

    def _judge(self, heard: Heard, policy: Policy, closed: Sequence[tuple[Closed, int, int]], asked: int) -> Outcome:
        inside = between = 0
        delay = None
        for number, (signal, begun, at_ms) in enumerate(closed):
            if number == len(closed) - 1:
                delay = None if signal.cut else at_ms - signal.t1_ms
            elif not signal.cut and self._words(heard, begun, signal.t1_ms + 120):
                if self._sentence_ended(heard, closed[: number + 1]):
                    between += 1
                else:
                    inside += 1
        turn = heard.turn
        return Outcome(policy.name, turn.name, turn.kind, turn.half, heard.condition, delay, inside, between, asked)

    def _sentence_ended(self, heard: Heard, closed: Sequence[tuple[Closed, int, int]]) -> bool:
        """Do the words so far end with a sentence of the reference? By the prefix of it that fits them best."""
        turn = heard.turn
        if turn.expects == "digits":
            return False
        said = " ".join(self._words(heard, begun, signal.t1_ms + 120) for signal, begun, _ in closed)
        found = _plain(said, turn.language)
        whole = _plain(turn.text, turn.language)
        stops = {len(_plain(turn.text[:at], turn.language)) for at in ends(turn.text)} - {len(whole)}
        if not stops:
            return False
        costs = _prefix_costs(found, whole)
        best = int(np.argmin(costs))
        return any(abs(best - stop) <= 1 and costs[stop] <= costs[best] + 1 for stop in stops)


def _plain(text: str, language: str) -> list[str]:
    """Words to compare (characters in Chinese)."""
    return readings(text, language)[0]


def _prefix_costs(found: Sequence[str], whole: Sequence[str]) -> list[int]:
    """Edit distance of `found` to every beginning of `whole`; the last row of Levenshtein's table."""
    row = list(range(len(whole) + 1))
    for number, word in enumerate(found, 1):
        before, row = row, [number]
        for at, other in enumerate(whole):
            row.append(min(before[at] + (word != other), before[at + 1] + 1, row[at] + 1))
    return row


def summary(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Delays in ms, cuts per turn."""
    found = list(outcomes)
    delays = [one.delay_ms for one in found if one.delay_ms is not None]
    return {
        "turns": len(found),
        "delay_p50_ms": round(float(np.percentile(delays, 50))) if delays else None,
        "delay_p95_ms": round(float(np.percentile(delays, 95))) if delays else None,
        "turns_cut_inside": round(sum(one.cut_inside > 0 for one in found) / len(found), 4),
        "cuts_inside": sum(one.cut_inside for one in found),
        "cuts_between": sum(one.cut_between for one in found),
        "decodes_per_turn": round(sum(one.decodes for one in found) / len(found), 2),
    }


def _table(rows: Sequence[tuple[str, str, str, dict[str, Any]]], title: str) -> Table:
    table = Table(title=title)
    for name in (
        "condition",
        "turns of",
        "policy",
        "turns",
        "delay p50",
        "p95",
        "cut inside",
        "",
        "between",
        "decodes",
    ):
        table.add_column(name, justify="left" if name in ("condition", "turns of", "policy") else "right")
    for condition, kind, policy, row in rows:
        table.add_row(
            condition,
            kind,
            policy,
            str(row["turns"]),
            f"{row['delay_p50_ms']} ms",
            f"{row['delay_p95_ms']} ms",
            f"{row['turns_cut_inside']:.1%}",
            str(row["cuts_inside"]),
            str(row["cuts_between"]),
            f"{row['decodes_per_turn']}",
        )
    return table


def main() -> None:
    """Print the tables, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument(
        "--half", choices=("report", "fit"), default="report", help="fit: what the weights were chosen on"
    )
    parser.add_argument("--decode-ms", default="250", help="ms that the words take, cpu or never")
    parser.add_argument("--kind", default="", help="only turns of this kind")
    args = parser.parse_args()
    if args.decode_ms not in ("cpu", "never") and not args.decode_ms.isdecimal():
        parser.error(f"--decode-ms is a number of ms, cpu or never, not {args.decode_ms}")
    policies = [Policy.ours(MediaOptions()), *(Policy.fixed(ms) for ms in FIXED_MS)]
    chosen = [turn for turn in turns() if turn.half == args.half and turn.kind.startswith(args.kind)]
    player = Player(Decodes(), args.decode_ms)
    outcomes: list[Outcome] = []
    for turn in track(chosen, "turns", console=Console(stderr=True)):
        for condition in CONDITIONS:
            if condition == "wide" and turn.kind.startswith(ONLY_NARROW):
                continue
            heard = Heard.of(turn, condition)
            outcomes += [player.play(heard, policy) for policy in policies]
    rows = []
    for condition in CONDITIONS:
        for kind in ["everything", *dict.fromkeys(one.kind for one in outcomes if one.condition == condition)]:
            for policy in policies:
                part = [
                    one
                    for one in outcomes
                    if one.condition == condition and kind in ("everything", one.kind) and one.policy == policy.name
                ]
                rows.append((condition, kind, policy.name, summary(part)))
    Console(width=130).print(_table(rows, f"End of turn, half “{args.half}”, words after {args.decode_ms} ms"))
    if args.json is not None:
        report = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "half": args.half,
            "decode_ms": args.decode_ms,
            "rows": [{"condition": c, "kind": k, "policy": p, **row} for c, k, p, row in rows],
            "outcomes": [asdict(one) for one in outcomes],
        }
        args.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
