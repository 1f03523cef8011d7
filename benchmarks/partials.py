"""How soon do the first words show, and how many of those shown are taken back? Ours against showing every decode whole.

`python -m benchmarks.partials --json FILE` plays recorded turns in virtual time: a decode asked for at one moment of the
audio answers `--decode-ms` later (250: a greedy decode on two idle cores), and partials come at the rate of the product
(`media/partials.py`), one at a time, making way for speculative finals. The same decodes are shown two ways: as the product
does, and each one whole. A word shown counts as revised when a later partial, or the final, has another in its place.
The delay is from the first voiced frame to the first words on the page. It reports; it asserts nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.endpointing import Heard
from benchmarks.turns import Decodes, turns
from media.endpointing import Closed, Endpointer, Opened, Resumed, Speculated
from media.frames import FRAME_MS
from media.hearing import PREROLL_MS
from media.options import MediaOptions
from media.partials import Agreement, PartialRate, units
from media.pitch import phrase_final
from media.turn_end import Bounds
from server.machine import machine

KINDS = ("read", "long", "mandarin")


@dataclass(slots=True)
class Shown:
    """What one way of showing put on the page during one utterance. Times in ms since its first voiced frame."""

    way: str
    language: str
    turn: str
    pages: list[tuple[int, str]] = field(default_factory=list)
    final: str = ""

    def revised(self) -> tuple[int, int]:
        """(words that were shown and later had another word in their place, words shown)."""
        shown = taken_back = 0
        page: list[str] = []
        for _, text in self.pages:
            words = [word for word, _ in units(text)]
            kept = _in_place(page, words)
            taken_back += len(page) - kept
            shown += len(words) - kept
            page = words
        return taken_back + len(page) - _in_place(page, [word for word, _ in units(self.final)]), shown


def _in_place(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(a == b for a, b in zip(one, other, strict=False))


class Page:
    """Plays one turn; every utterance in it is shown both ways."""

    def __init__(self, heard: Heard, decodes: Decodes, decode_ms: int) -> None:
        self._heard = heard
        self._decodes = decodes
        self._decode_ms = decode_ms
        self.shown: list[tuple[Shown, Shown]] = []
        self.asked = 0

    def play(self) -> None:
        """From the first frame to the last."""
        options, turn = MediaOptions(), self._heard.turn
        ear = Endpointer(bounds=Bounds.of(options), speculate_ms=options.speculate_silence_ms, max_ms=28_000)
        rate, said = PartialRate(), Agreement()
        begun = t0 = 0
        due: tuple[int, str, int | None] | None = None  # when it answers, with what, the pause that a final is about
        for number, voiced in enumerate(self._heard.voiced):
            now = number * FRAME_MS
            if due is not None and due[0] <= now:
                _, text, pause = due
                due = None
                if pause is None:
                    rate.answered(self._decode_ms, words=bool(text))
                else:
                    ear.say(pause, text)
                if ear.open and self.shown:
                    self._show(now - t0, text, said)
            for signal in ear.push(now, voiced):
                match signal:
                    case Opened():
                        begun, t0, said = now + FRAME_MS - PREROLL_MS, signal.t0_ms, Agreement()
                        rate.begin()
                        self.shown.append(
                            (Shown("agreed", turn.language, turn.name), Shown("every decode", turn.language, turn.name))
                        )
                    case Speculated(t1_ms):
                        ear.sound(t1_ms, phrase_final(self._heard.clip(begun, t1_ms).samples))
                        due = (now + FRAME_MS + self._decode_ms, self._words(begun, now, final=True), t1_ms)
                    case Resumed():
                        due = None
                    case Closed(t1_ms=t1_ms):
                        text = self._words(begun, t1_ms + options.speculate_silence_ms - FRAME_MS, final=True)
                        for way in self.shown[-1]:
                            way.final = text
                        due = None
            if ear.open and due is None and rate.due(now + FRAME_MS - t0):
                rate.asked(now + FRAME_MS - t0)
                self.asked += 1
                due = (now + FRAME_MS + self._decode_ms, self._words(begun, now, final=False), None)

    def _words(self, begun: int, now: int, *, final: bool) -> str:
        return self._decodes(self._heard.clip(begun, now + FRAME_MS), self._heard.turn.languages, final=final).text

    def _show(self, after_ms: int, text: str, said: Agreement) -> None:
        ours, every = self.shown[-1]
        if said.push(text):
            ours.pages.append((after_ms, said.shown))
        if units(text):
            every.pages.append((after_ms, text))


def summary(found: Sequence[Shown]) -> dict[str, Any]:
    """Rates over all words, delays over utterances with words."""
    counts = [one.revised() for one in found if one.final and one.pages]
    first = [one.pages[0][0] for one in found if one.pages and one.final]
    shown = sum(count for _, count in counts)
    return {
        "utterances": len(counts),
        "words_shown": shown,
        "revised": sum(count for count, _ in counts),
        "revision_rate": round(sum(count for count, _ in counts) / max(1, shown), 4),
        "first_p50_ms": round(float(np.percentile(first, 50))) if first else None,
        "first_p95_ms": round(float(np.percentile(first, 95))) if first else None,
    }


def main() -> None:
    """Print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--condition", choices=("telephone", "wide"), default="telephone")
    parser.add_argument("--decode-ms", type=int, default=250, help="ms that every decode takes")
    parser.add_argument("--limit", type=int, default=0, help="turns of each kind at most")
    args = parser.parse_args()
    chosen = []
    for kind in KINDS:
        found = [turn for turn in turns() if turn.kind == kind and turn.half == "report"]
        chosen += found[: args.limit or len(found)]
    decodes = Decodes()
    shown: list[Shown] = []
    for turn in track(chosen, "turns", console=Console(stderr=True)):
        page = Page(Heard.of(turn, args.condition), decodes, args.decode_ms)
        page.play()
        shown += [one for pair in page.shown for one in pair]
    table = Table(title=f"Partials, {args.condition}, every decode {args.decode_ms} ms")
    for name in ("language", "shown", "utterances", "words shown", "revised", "first words p50", "p95"):
        table.add_column(name, justify="left" if name in ("language", "shown") else "right")
    rows = []
    for language in ("en", "zh"):
        for way in ("agreed", "every decode"):
            row = summary([one for one in shown if one.language == language and one.way == way])
            rows.append({"language": language, "way": way, **row})
            table.add_row(
                language,
                way,
                str(row["utterances"]),
                str(row["words_shown"]),
                f"{row['revision_rate']:.1%}",
                f"{row['first_p50_ms']} ms",
                f"{row['first_p95_ms']} ms",
            )
    Console(width=110).print(table)
    if args.json is not None:
        report = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "condition": args.condition,
            "decode_ms": args.decode_ms,
            "rows": rows,
            "shown": [asdict(one) for one in shown],
        }
        args.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
