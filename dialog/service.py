"""Puts flows, understanding, knowledge and customers together for the app."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from dialog.embedding import CachedEmbedder
from dialog.engine import FlowEngine
from dialog.flow import Flow, load_flow
from dialog.knowledge import Article, KnowledgeBase, read_articles
from dialog.options import DialogOptions, NumberOptions
from dialog.ports import Attempts, CustomerDirectory, Embedder, Ports
from dialog.understanding import Example, IntentClassifier, normal, read_examples
from dialog.verify import FileDirectory, MemoryAttempts
from dialog.yamlfile import FileError, Problem

log = structlog.get_logger(__name__)

QUESTION = "question"
"""Intent of whatever the knowledge base can be asked; learnt from the articles' own questions."""
_RETRY_S = 2.0


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers a called number."""

    engine: FlowEngine
    number: NumberOptions


class Dialog:
    """All of the room, loaded. `prepare` must finish before calls are answered well; `ready` says so."""

    def __init__(
        self,
        options: DialogOptions,
        flows: dict[str, Flow],
        examples: list[Example],
        articles: list[Article],
        ports: Ports,
        embedder: Embedder,
    ) -> None:
        self.options = options
        self._embedder = embedder
        self.flows = flows
        self.ports = ports
        self._examples = examples
        self._articles = articles
        self._engines = {name: FlowEngine(flow, ports, options) for name, flow in flows.items()}
        self._ready = asyncio.Event()

    @classmethod
    def load(
        cls,
        options: DialogOptions,
        *,
        root: Path,
        data_dir: Path | None,
        embedder: Embedder,
        customers: CustomerDirectory | None = None,
        attempts: Attempts | None = None,
    ) -> Dialog:
        """Read and check every file. Raises `FileError` naming file and line; blocks for some 100 ms.

        `root`: installation folder; `data_dir`: where vectors are cached, None = nowhere.
        """
        folder = root / options.flows_dir
        flows = {}
        for called, number in options.numbers.items():
            path = folder / f"{number.flow}.yaml"
            if not path.is_file():
                have = ", ".join(sorted(item.stem for item in folder.glob("*.yaml") if "." not in item.stem)) or "none"
                problem = (
                    f"dialog.numbers.{called}.flow is {number.flow!r}, but there is no such file; flows here: {have}"
                )
                raise FileError([Problem(str(path), 1, problem)])
            flows[number.flow] = load_flow(path)
        examples, articles = read_examples(folder / "intents"), read_articles(folder / "knowledge")
        cached = CachedEmbedder(embedder)
        ports = Ports(
            understanding=IntentClassifier(
                cached, least=options.intent_min, cache=data_dir / "vectors-intents.npz" if data_dir else None
            ),
            knowledge=KnowledgeBase(
                cached,
                [_with_examples(article, examples) for article in articles],
                least=options.knowledge_min,
                cache=data_dir / "vectors-knowledge.npz" if data_dir else None,
            ),
            customers=customers or FileDirectory.read(folder / options.customers),
            attempts=attempts or MemoryAttempts(options.lockout_attempts, options.lockout_s),
        )
        return cls(options, flows, examples, articles, ports, cached)

    async def vector(self, text: str) -> NDArray[np.float32]:
        """The sentence vector by which `text` is understood, [dims]; asked for once. Raises OSError or TimeoutError."""
        vector: NDArray[np.float32] = (await self._embedder.embed([normal(text)]))[0]
        return vector

    @property
    def ready(self) -> bool:
        """Can requests be understood and answered?"""
        return self._ready.is_set()

    async def wait_ready(self, timeout_s: float) -> bool:
        """Wait for it, as after a restart; False when it took longer."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return False
        return True

    async def prepare(self) -> None:
        """Learn intents and index knowledge; waits for the inference worker as long as it takes. Cancel to stop."""
        known = {example.intent for example in self._examples}
        questions = [
            Example(question, QUESTION)
            for article in self._articles
            if article.id not in known
            for listed in article.questions.values()
            for question in listed
        ]
        understanding, knowledge = self.ports.understanding, self.ports.knowledge
        while not self.ready:
            try:
                if isinstance(knowledge, KnowledgeBase):
                    await knowledge.index()
                if isinstance(understanding, IntentClassifier):
                    await understanding.fit([*self._examples, *questions])
                self._ready.set()
            except (OSError, TimeoutError) as error:
                log.info("dialog.waiting_for_inference", error=str(error))
                await asyncio.sleep(_RETRY_S)

    def answering(self, called: str) -> Answering:
        """What answers this number (`web` for the page)."""
        number = self.options.number(called)
        return Answering(self._engines[number.flow], number)

    def engine(self, flow_id: str) -> FlowEngine | None:
        """The engine of a flow by id, for runs taken up again."""
        return self._engines.get(flow_id)


def _with_examples(article: Article, examples: list[Example]) -> Article:
    """Ways to ask for an intent are ways to ask for the article of the same name."""
    more = [example.text for example in examples if example.intent == article.id]
    return article.model_copy(update={"questions": {**article.questions, "*": more}}) if more else article
