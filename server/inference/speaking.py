"""What the voice tells Prometheus, and how a spoken request's typed pieces are handed to it. No label holds a word that was said."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from asr.metrics import REGISTRY
from session import wire
from tts.read_as import Span
from tts.speaker import Clause

CLAUSES = Counter(
    "warmline_tts_clauses",
    "clauses spoken, by whether the prompt cache had them",
    ["engine", "cached"],
    registry=REGISTRY,
)
FIRST_SECONDS = Histogram(
    "warmline_tts_first_clause_seconds",
    "from the request to its first clause of sound",
    ["cached"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 4.0),
    registry=REGISTRY,
)
for _cached in ("yes", "no"):
    FIRST_SECONDS.labels(_cached)


def spans(body: wire.Speak) -> list[Span]:
    """The typed pieces of a request; what does not lie in its text is left out."""
    return [
        Span(piece.start, piece.end, piece.kind)
        for piece in body.say_as
        if 0 <= piece.start < piece.end <= len(body.text)
    ]


def count(clause: Clause, *, first_s: float | None) -> None:
    """One clause was spoken; `first_s`: it was the request's first, so many seconds after it."""
    cached = "yes" if clause.cached else "no"
    CLAUSES.labels(clause.engine, cached).inc()
    if first_s is not None:
        FIRST_SECONDS.labels(cached).observe(first_s)
