from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dialog.engine import FlowEngine
from dialog.flow import load_flow
from dialog.knowledge import Article, read_articles
from dialog.options import DialogOptions
from dialog.ports import Found, Ports, Understood
from dialog.text import pick
from dialog.understanding import normal, read_examples
from dialog.verification.codes import CodeRules
from dialog.verification.directory import FileDirectory
from dialog.verification.lockout import MemoryAttempts
from dialog.verification.memory import MemoryCodes, MemoryProgress, MemoryVoices
from dialog.verification.ports import VerificationPorts
from dialog.verification.sending import CodePerformer
from session.consent import issue_voiceprint
from tests.dialog.verify_world import CUSTOMER, SECRET, Post, voice_of

FLOWS = Path(__file__).parents[2] / "flows"


class ExactUnderstanding:
    """Knows exactly the examples, so that flow logic is tested apart from the model."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.intents = {normal(example.text): example.intent for example in read_examples(FLOWS / "intents")}
        for article in articles:
            for question in (question for listed in article.questions.values() for question in listed):
                self.intents.setdefault(normal(question), "question")

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        return Understood(self.intents.get(normal(text), "unknown"), 0.9)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        return next((i for i, phrases in enumerate(options) if normal(text) in map(normal, phrases)), None)


class ExactKnowledge:
    """Finds an article by one of its questions, or by an intent example of the same name."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.by_question = {normal(q): a for a in articles for qs in a.questions.values() for q in qs}
        by_id = {article.id: article for article in articles}
        for example in read_examples(FLOWS / "intents"):
            if example.intent in by_id:
                self.by_question.setdefault(normal(example.text), by_id[example.intent])
        self.articles = articles

    async def search(self, text: str, locale: str, level: int = 0) -> Found | None:
        article = self.by_question.get(normal(text))
        return Found(article.id, article.version, pick(article.answer, locale), 0.9) if article else None

    def answers(self, locale: str) -> list[str]:
        return [pick(article.answer, locale) for article in self.articles]


@pytest.fixture(scope="session")
def articles() -> list[Article]:
    return read_articles(FLOWS / "knowledge")


@pytest.fixture(scope="session")
def exact(articles: list[Article]) -> tuple[ExactUnderstanding, ExactKnowledge]:
    return ExactUnderstanding(articles), ExactKnowledge(articles)


@pytest.fixture
def ports(exact: tuple[ExactUnderstanding, ExactKnowledge]) -> Ports:
    directory = FileDirectory.read(FLOWS / "customers.sample.yaml")
    return Ports(understanding=exact[0], knowledge=exact[1], customers=directory, attempts=MemoryAttempts())


@pytest.fixture
def support(ports: Ports) -> FlowEngine:
    return FlowEngine(load_flow(FLOWS / "support.yaml"), ports, DialogOptions())


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def voices() -> MemoryVoices:
    consent = issue_voiceprint("k")
    found = MemoryVoices(consents={"c": consent})
    found.templates[CUSTOMER] = consent, voice_of(1)
    return found


@pytest.fixture
def world(ports: Ports, post: Post, voices: MemoryVoices) -> Ports:
    codes = MemoryCodes(ports.customers, post, CodeRules(), totp={CUSTOMER: SECRET})
    return replace(
        ports,
        performer=CodePerformer(ports.performer, codes),
        verification=VerificationPorts(codes, MemoryProgress(5), voices),
    )
