"""Words while somebody still speaks: which are safe to show, and how often to ask for them. Pure.

A recogniser that hears an utterance over and over changes its mind about the newest words. What two decodes in a row
agree on rarely changes again ("local agreement"), so that is shown; of the first decode all but its last word, which was
probably cut in half (a lone first word is shown). What is shown stays until two decodes in a row agree against it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

FIRST_MS = 400  # ms of speech before the first partial is asked for; its decode takes ~250 ms of an idle machine
LEAST_EVERY_MS = 600  # ms of speech between partials at best
SOON_MS = 250  # ms of more speech before the next, where there were no words yet: somebody speaks and nothing shows
MOST_EVERY_MS = 5000
SHARE = 2.5  # an interval is at least this many times what the last partial took: partials leave room for finals

_UNIT = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


def units(text: str) -> list[tuple[str, int]]:
    """Words (characters in Chinese) without punctuation and case, each with where it ends in `text`."""
    found: list[tuple[str, int]] = []
    for match in _UNIT.finditer(text):
        word = "".join(c for c in unicodedata.normalize("NFKC", match[0]).lower() if c.isalnum())
        if word:
            found.append((word, match.start() + len(match[0].rstrip(",.?!;:…，。？！；：、—-\"”'"))))
    return found


@dataclass(slots=True)
class Agreement:
    """One utterance's partials. `agreed` is the text that two decodes in a row agreed on, `shown` what is on the page."""

    agreed: str = ""
    shown: str = ""
    _last: list[str] | None = None

    def push(self, text: str) -> bool:
        """The newest decode of the utterance so far. Is there something new to show?"""
        found = units(text)
        if not found:
            return False  # nothing was understood this time: neither for nor against what is shown
        words = [word for word, _ in found]
        before, self._last = self._last, words
        if before is None:
            return self._show(text[: found[max(0, len(found) - 2)][1]])
        common = _common(before, words)
        if not common:
            return False
        self.agreed = text[: found[common - 1][1]]
        on_page = [word for word, _ in units(self.shown)]
        if _common(on_page, words[:common]) == common:
            return False  # all of it is on the page
        return self._show(self.agreed)

    def _show(self, text: str) -> bool:
        new = bool(text) and text != self.shown
        if new:
            self.shown = text
        return new


def _common(one: list[str], other: list[str]) -> int:
    """Length of the common beginning."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


@dataclass(slots=True)
class PartialRate:
    """When the next partial is worth asking for; one per leg, so that the next utterance knows of the load."""

    every_ms: float = LEAST_EVERY_MS
    _next_ms: float = field(default=FIRST_MS)

    def begin(self) -> None:
        """A new utterance. Under load its first partial is as much later as all others are."""
        self._next_ms = FIRST_MS + self.every_ms - LEAST_EVERY_MS

    def due(self, spoken_ms: float) -> bool:
        """Is it time, `spoken_ms` after the utterance began?"""
        return spoken_ms >= self._next_ms

    def asked(self, spoken_ms: float) -> None:
        """It was asked for."""
        self._next_ms = spoken_ms + self.every_ms

    def answered(self, took_ms: float, *, words: bool = True) -> None:
        """It came after `took_ms`: slow ones make the interval longer at once, quick ones shorter by halves.

        Without `words`, and with no load to be felt, the next is asked for soon: somebody speaks and nothing shows.
        """
        self._set(max(took_ms * SHARE, self.every_ms / 2))
        if not words and took_ms * SHARE <= 2 * LEAST_EVERY_MS:
            self._next_ms -= self.every_ms - max(SOON_MS, took_ms)

    def shed(self) -> None:
        """It did not come: the engine had no room for it."""
        self._set(self.every_ms * 2)

    def _set(self, every_ms: float) -> None:
        before, self.every_ms = self.every_ms, min(max(every_ms, LEAST_EVERY_MS), MOST_EVERY_MS)
        self._next_ms += self.every_ms - before
