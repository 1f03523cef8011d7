"""A request to speak: clause by clause, by the quickest voice when the caller has waited in silence; and what of it Prometheus is
told. No label holds a word that was said."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from asr.metrics import REGISTRY
from session import wire
from session.speech import shifted
from tts.read_as import Span
from tts.speaker import Clause, Speaker, SpeechError

log = structlog.get_logger(__name__)

Making = Callable[[Callable[[], Clause | None]], asyncio.Future[Clause | None]]
"""Begins the work in a thread."""

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


async def clauses(
    speaker: Speaker, body: wire.Speak, make: Making, hurry: Making, late_s: float
) -> AsyncIterator[Clause]:
    """The clauses of a request, by `make`. Raises `SpeechError`.

    When the caller has heard nothing for `late_s` (s), the rest is spoken by the last engine of its language, with `hurry`, which
    has a thread of its own; where that cannot, what was begun is waited for.
    """
    clock = asyncio.get_running_loop().time
    made = speaker.speak(body.text, body.locale, body.voice, spans(body), body.style)
    played_out = clock() + body.ahead_ms / 1000
    at = 0
    while True:
        making = make(functools.partial(next, made, None))
        try:
            if make is not hurry and not await _within(making, played_out + late_s - clock()):
                log.warning("tts.late", locale=body.locale, silent_s=round(clock() - played_out, 1))
                rest = msgspec.structs.replace(body, text=body.text[at:], say_as=shifted(body.say_as, at))
                quick = speaker.speak(rest.text, rest.locale, rest.voice, spans(rest), rest.style, hurry=True)
                try:
                    clause = await hurry(functools.partial(next, quick, None))
                    made, make = quick, hurry
                except SpeechError as error:
                    log.warning("tts.no_quick_voice", error=str(error))
                    clause = await making
            else:
                clause = await making
        finally:
            making.cancel()  # what has not begun need not
        if clause is None:
            return
        at += len(clause.text)
        played_out = max(played_out, clock()) + clause.audio.ms / 1000
        yield clause


async def _within(work: asyncio.Future[Clause | None], left_s: float) -> bool:
    done, _ = await asyncio.wait([work], timeout=max(0.0, left_s))
    return bool(done)
