"""Recognition under load: ours against stock faster-whisper, the same model, arithmetic, beam and threads, in one run.

`python -m benchmarks.asr --json FILE` (or `warmline bench asr`) lets 1, 2, 4, 8 and 16 clients each say one utterance
after the other, as soon as the one before is answered; both engines take turns at every level. It reports latency
(asked → words), throughput (s of speech per s), CPU seconds per utterance and errors. It asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from asr.scoring import Errors, score
from asr.whisper import ModelError
from benchmarks.speech import DATA, Engine, Ours, Stock, Utterance, utterances
from server import models
from server.machine import machine
from server.settings import SettingsError, load

LEVELS = (1, 2, 4, 8, 16)
TURNS = 2  # times the engines take turns at a level, so that a change of the machine's mood meets both
CONDITIONS = ["clean", "g711"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One utterance heard by one engine, with so many at once."""

    engine: str
    at_once: int
    collection: str
    condition: str
    name: str
    language: str
    reference: str
    text: str
    latency_s: float
    audio_s: float
    errors: Errors


@dataclass(slots=True)
class Spent:
    """What an engine used at one level."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


def sets(limit: int, data: Path) -> list[Utterance]:
    """Mandarin and English read speech and telephone prompts, clean and by G.711; of these half as many."""
    shares = {"asr_zh_aishell": limit, "asr_en_read": limit, "ivr_prompts_en_8k": limit // 2}
    return [
        utterance
        for collection, share in shares.items()
        for utterance in utterances(data / collection / "manifest.tsv", CONDITIONS, share)
    ]


async def clients(
    name: str, engine: Engine, at_once: int, said: Iterable[Utterance], done: Callable[[], None]
) -> tuple[list[Answer], Spent]:
    """So many clients work off what is to be said, one utterance each at a time."""
    waiting = iter(said)
    heard: list[tuple[Utterance, str, float]] = []

    async def client() -> None:
        for utterance in waiting:
            asked = time.perf_counter()
            text = await engine.recognise(utterance.audio, utterance.language)
            heard.append((utterance, text, time.perf_counter() - asked))
            done()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(at_once)))
    spent = Spent(time.perf_counter() - wall, time.process_time() - cpu)
    return [
        Answer(
            name,
            at_once,
            said.collection,
            said.condition,
            said.name,
            said.language,
            said.text,
            text,
            round(latency, 4),
            said.audio.ms / 1000,
            score(said.text, text, said.language),
        )
        for said, text, latency in heard
    ], spent


async def measure(
    engines: dict[str, Engine], said: list[Utterance], levels: list[int], progress: Progress
) -> tuple[list[Answer], dict[tuple[str, int], Spent]]:
    """Every level, the engines in turns over parts of what is said; who goes first changes."""
    answers: list[Answer] = []
    spent: dict[tuple[str, int], Spent] = {}
    task = progress.add_task("utterances", total=len(levels) * len(engines) * len(said))
    for at_once in levels:
        for turn in range(TURNS):
            order = list(engines) if turn % 2 == 0 else list(reversed(engines))
            for name in order:
                found, used = await clients(
                    name, engines[name], at_once, said[turn::TURNS], lambda: progress.advance(task)
                )
                answers += found
                total = spent.setdefault((name, at_once), Spent())
                total.wall_s += used.wall_s
                total.cpu_s += used.cpu_s
    return answers, spent


def summarise(answers: list[Answer], spent: Spent) -> dict[str, Any]:
    """One engine at one level."""
    latencies = [answer.latency_s for answer in answers]
    audio_s = sum(answer.audio_s for answer in answers)
    p50, p95 = np.percentile(latencies, (50, 95))
    return {
        "utterances": len(answers),
        "latency_ms": {"p50": round(1000 * float(p50)), "p95": round(1000 * float(p95))},
        "throughput": round(audio_s / spent.wall_s, 2),
        "cpu_s_per_utterance": round(spent.cpu_s / len(answers), 3),
        **errors_of(answers),
    }


def errors_of(answers: list[Answer]) -> dict[str, Any]:
    """Word errors of English and character errors of Chinese, in %."""
    chinese = sum((a.errors for a in answers if a.language == "zh"), Errors())
    english = sum((a.errors for a in answers if a.language == "en"), Errors())
    return {
        "wer_en": None if english.wer is None else round(100 * english.wer, 2),
        "cer_zh": None if chinese.cer is None else round(100 * chinese.cer, 2),
    }


def report(answers: list[Answer], spent: dict[tuple[str, int], Spent]) -> dict[str, Any]:
    """Levels × engines, and errors per set and condition."""
    levels: dict[str, Any] = {}
    for (name, at_once), used in spent.items():
        part = [a for a in answers if (a.engine, a.at_once) == (name, at_once)]
        levels.setdefault(str(at_once), {})[name] = summarise(part, used)
    accuracy: dict[str, Any] = {}
    for key in dict.fromkeys((a.collection, a.condition) for a in answers):
        accuracy[", ".join(key)] = {
            name: errors_of([a for a in answers if (a.collection, a.condition, a.engine) == (*key, name)])
            for name in dict.fromkeys(a.engine for a in answers)
        }
    return {"levels": levels, "accuracy": accuracy}


def show(found: dict[str, Any], console: Console) -> None:
    """Two tables; "stock" is faster-whisper's own `transcribe`."""
    table = Table("at once", "engine", "p50 ms", "p95 ms", "speech s / s", "CPU s each", "WER en %", "CER zh %")
    for at_once, engines in found["levels"].items():
        for name, part in engines.items():
            latency = part["latency_ms"]
            numbers = (latency["p50"], latency["p95"], part["throughput"], part["cpu_s_per_utterance"])
            table.add_row(at_once, name, *map(str, (*numbers, part["wer_en"], part["cer_zh"])))
        table.add_section()
    console.print(table)
    by_set = Table("set", "condition", "engine", "WER en %", "CER zh %")
    for key, engines in found["accuracy"].items():
        for name, part in engines.items():
            by_set.add_row(*key.rsplit(", ", 1), name, *("" if v is None else str(v) for v in part.values()))
    console.print(by_set)


async def run(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Load both, measure, report. Raises ModelError and InstallError."""
    settings = load()
    options = settings.asr.model_copy(update={"model": arguments.model or settings.asr.model})
    folder = models.resolve(options.model, settings.models_dir)
    said = sets(arguments.limit, arguments.data)
    before = machine()
    ours, stock = Ours(options, folder), Stock(options, folder)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        async with ours.serving():
            engines: dict[str, Engine] = {"ours": ours, "stock": stock}
            answers, spent = await measure(engines, said, arguments.levels, progress)
    return {
        **report(answers, spent),
        "ours_degraded": ours.degraded,
        "same_for_both": {
            "model": options.model,
            "device": options.device,
            "compute_type": options.compute_type,
            "threads": options.threads,
            "beam": options.beam,
        },
        "command": " ".join(["python -m benchmarks.asr", *arguments.given]),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"before": before, "after": machine()},
        "answers": [asdict(answer) for answer in answers],
    }


def _levels(text: str) -> list[int]:
    levels = [int(part) for part in text.split(",")]
    if not levels or min(levels) < 1 or max(levels) > 256:
        raise ValueError(text)
    return levels


def main(argv: list[str] | None = None) -> int:
    """The command; exit status 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="warmline bench asr", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything, answer by answer")
    parser.add_argument("--limit", type=int, default=40, help="recordings of each set, half of them of the prompts")
    parser.add_argument("--levels", type=_levels, default=list(LEVELS), help="simultaneous utterances: 1,2,4,8,16")
    parser.add_argument(
        "--model", default="", help="an installed model's name or a folder; as in the settings otherwise"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the sets, each with its manifest.tsv")
    arguments = parser.parse_args(argv)
    arguments.given = sys.argv[1:] if argv is None else argv
    if arguments.limit < 2:
        parser.error("--limit is at least 2")
    if not (arguments.data / "asr_zh_aishell" / "manifest.tsv").is_file():
        parser.error(f"{arguments.data} holds no asr_zh_aishell/manifest.tsv; name the folder of the sets with --data")
    console = Console()
    try:
        found = asyncio.run(run(arguments, console))
    except (models.InstallError, ModelError, SettingsError) as error:
        Console(stderr=True).print(str(error), style="red")
        return 1
    show(found, console)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
