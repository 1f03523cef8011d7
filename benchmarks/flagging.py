"""How soon is an agent's banned promise flagged after its last word, and how often is an allowed sentence flagged meanwhile?

`python -m benchmarks.flagging --json FILE` has synthetic voices say the held-out sentences of `tests/dialog/filter_cases.yaml` (no
recordings of agents who promise what they may not were to be had), each within a longer sentence, over the telephone and in
virtual time: every decode takes `--decode-ms`, partials come at the rate of the product (`media/partials.py`). Two ways to look at
the same decodes: at the words that two in a row agreed on, which are shown, and at every decode whole. It reports; it asserts nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.endpointing import Heard
from benchmarks.turns import Decodes, Turn
from dialog.filter.service import Filters
from media.endpointing import Closed, Endpointer, Opened, Resumed, Speculated
from media.frames import FRAME_MS, SPEECH_RATE, Audio, concat
from media.hearing import PREROLL_MS
from media.options import MediaOptions
from media.partials import Agreement, PartialRate
from media.pitch import phrase_final
from media.turn_end import Bounds
from server.machine import machine
from server.settings import load
from tts.engine import Engine
from tts.espeak import EspeakEngine
from tts.hibari import HibariEngine
from tts.kokoro import KokoroEngine
from tts.sound import finish

ROOT = Path(__file__).parents[1]
PACKS = ("eu", "us-CA", "zh-CN-finance", "zh-CN-advertising")
AROUND = {
    "en": ("Now listen, I can tell you something.", "and if you like that, tell me what I may do for you next, take all your time."),
    "zh": ("我跟您说一下情况，", "您听明白了以后再告诉我下一步想办理什么业务，不用着急。"),
}  # fmt: skip
WAYS = ("agreed", "every decode")


@dataclass(slots=True)
class Flagged:
    """One sentence by one voice. `at_ms`: way → when it was flagged, in ms after its last word; None: never."""

    language: str
    text: str
    banned: bool
    at_ms: dict[str, int | None]


def sentences() -> Iterator[tuple[str, str, bool]]:
    """(language, text, banned) of the half that no rule was mended by, without those that only the eye takes for words."""
    cases = yaml.safe_load((ROOT / "tests" / "dialog" / "filter_cases.yaml").read_text(encoding="utf-8"))
    for language in ("en", "zh"):
        for kind, texts in cases[language]["held"].items():
            yield from ((language, text, kind == "banned") for text in texts if not set(text) & set("｜|.*"))


def spoken(text: str, language: str, engine: Engine, voice: str) -> tuple[Audio, int]:
    """The sentence within others, and when it ends (ms)."""
    parts = []
    for words in (AROUND[language][0], text, AROUND[language][1]):
        wave, rate = engine.synthesise(words, language, engine.voice(voice))
        parts.append(finish(wave, rate, out_rate=SPEECH_RATE, dbfs=-20.0))
    return concat(parts), round(parts[0].ms + parts[1].ms)


def flagged(heard: Heard, ends_ms: int, filters: Filters, decodes: Decodes, decode_ms: int) -> dict[str, int | None]:
    """Way → when the first flag came."""
    options, language = MediaOptions(), heard.turn.language
    ear = Endpointer(bounds=Bounds.of(options), speculate_ms=options.speculate_silence_ms, max_ms=28_000)
    rate, said = PartialRate(), Agreement()
    at: dict[str, int | None] = dict.fromkeys(WAYS)
    begun = t0 = 0
    due: tuple[int, str, int | None] | None = None  # when it answers, with what, the pause that a final is about

    def look(now: int, **texts: str) -> None:
        for way, text in texts.items():
            name = way.replace("_", " ")
            if at[name] is None and filters.flag(text, language):
                at[name] = now - ends_ms

    def words(until: int, *, final: bool) -> str:
        return decodes(heard.clip(begun, until), heard.turn.languages, final=final).text

    for number, voiced in enumerate(heard.voiced):
        now = number * FRAME_MS
        if due is not None and due[0] <= now:
            _, text, pause = due
            due = None
            if pause is None:
                rate.answered(decode_ms, words=bool(text))
            else:
                ear.say(pause, text)
            said.push(text)
            look(now, agreed=said.shown, every_decode=text)
        for signal in ear.push(now, voiced):
            match signal:
                case Opened():
                    begun, t0, said = now + FRAME_MS - PREROLL_MS, signal.t0_ms, Agreement()
                    rate.begin()
                case Speculated(t1_ms):
                    ear.sound(t1_ms, phrase_final(heard.clip(begun, t1_ms).samples))
                    due = (now + FRAME_MS + decode_ms, words(now + FRAME_MS, final=True), t1_ms)
                case Resumed():
                    due = None
                case Closed(t1_ms=t1_ms):
                    text = words(t1_ms + options.speculate_silence_ms, final=True)
                    look(max(now, due[0] if due is not None else now), agreed=text, every_decode=text)
                    due = None
        if ear.open and due is None and rate.due(now + FRAME_MS - t0):
            rate.asked(now + FRAME_MS - t0)
            due = (now + FRAME_MS + decode_ms, words(now + FRAME_MS, final=False), None)
    return at


def summary(found: Sequence[Flagged], way: str) -> dict[str, Any]:
    """Delays of what was flagged, and shares."""
    banned = [one.at_ms[way] for one in found if one.banned]
    delays = [max(0, at) for at in banned if at is not None]
    allowed = [one for one in found if not one.banned]
    return {
        "banned": len(banned),
        "flagged": len(delays),
        "p50_ms": round(float(np.percentile(delays, 50))) if delays else None,
        "p95_ms": round(float(np.percentile(delays, 95))) if delays else None,
        "allowed": len(allowed),
        "wrongly": sum(one.at_ms[way] is not None for one in allowed),
    }


def main() -> None:
    """Print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--decode-ms", type=int, default=300, help="ms that every decode takes")
    parser.add_argument("--language", choices=tuple(AROUND), help="this one only; each takes a quarter of an hour")
    args = parser.parse_args()
    settings = load()
    hibari = HibariEngine("heart", 1.0)
    kokoro = KokoroEngine(settings.models_dir / "kokoro", "zf_xiaoxiao", 1.0, 1, hibari)
    voices: dict[str, list[tuple[Engine, str]]] = {
        "en": [(hibari, ""), (EspeakEngine(10.0, 1.0), "")],
        "zh": [(kokoro, "zf_xiaoxiao"), (kokoro, "zm_yunxi")],
    }
    filters, decodes = Filters.load(ROOT / "flows" / "filters", PACKS), Decodes()
    found = []
    chosen = [one for one in sentences() if args.language in (None, one[0])]
    for language, text, banned in track(chosen, "sentences", console=Console(stderr=True)):
        for engine, voice in voices[language]:
            audio, ends_ms = spoken(text, language, engine, voice)
            heard = Heard.of(Turn(text, "agent", "report", language, text, audio), "telephone")
            found.append(Flagged(language, text, banned, flagged(heard, ends_ms, filters, decodes, args.decode_ms)))
    table = Table(title=f"Agents' banned sentences, every decode {args.decode_ms} ms")
    for name in ("language", "looked at", "banned", "flagged", "p50", "p95", "allowed", "flagged wrongly"):
        table.add_column(name, justify="left" if name in ("language", "looked at") else "right")
    rows = []
    for language in sorted({one.language for one in found}):
        for way in WAYS:
            row = {"language": language, "way": way, **summary([f for f in found if f.language == language], way)}
            rows.append(row)
            table.add_row(*(str(value) for value in row.values()))
    Console(width=110).print(table)
    if args.json is not None:
        report = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "decode_ms": args.decode_ms,
            "rows": rows,
            "found": [asdict(one) for one in found],
        }
        args.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
