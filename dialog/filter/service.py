"""The packs in use: screening what the bot says, flagging what agents say, and taking up changed files while it runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from dialog.filter.match import Hit, find
from dialog.filter.pack import FilterRule, Pack, load_pack
from dialog.text import language_of, pick
from dialog.yamlfile import FileError, Problem

log = structlog.get_logger(__name__)

CLEAN_KEPT = 512  # texts; a flow has dozens of prompts

_SENTENCE_END = re.compile(r"[。！？；!?;\n]+[”’」』\"')）]*\s*|\.(?=\s)\s*")


@dataclass(frozen=True, slots=True)
class Screened:
    """What may be said instead, and the record of each hit (no words of it)."""

    text: str
    hits: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A pack changed: `before` and `after` are shas; with `problems` the old one stays in use."""

    pack: str
    before: str
    after: str
    problems: list[str] = field(default_factory=list)


class Filters:
    """All packs of the settings. A pack that cannot be read at the start is an error; later the old one is kept."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._paths = {name: folder / f"{name}.yaml" for name in names}
        self._stamps: dict[str, tuple[int, int]] = {}
        self.packs: dict[str, Pack] = {}
        self._clean: dict[tuple[str, ...], None] = {}
        """Texts without a hit, by locale and packs, oldest first: prompts are said over and over."""

    @classmethod
    def load(cls, folder: Path, names: Sequence[str]) -> Filters:
        """Read them all; none, where there is no such folder. Raises `FileError` with every problem."""
        filters = cls(folder, names if folder.is_dir() else [])
        problems: list[Problem] = []
        for name, path in filters._paths.items():
            try:
                filters._stamps[name] = _stamp(path)
                filters.packs[name] = load_pack(path)
            except FileError as error:
                problems += error.problems
        if problems:
            raise FileError(problems)
        return filters

    def reload(self, *, all_of_them: bool = False) -> list[Reloaded]:
        """Take up packs whose files changed since (or all); what is broken is told and the old one kept. Reads files."""
        told = []
        for name, path in self._paths.items():
            stamp = _stamp(path)
            if stamp == self._stamps.get(name) and not all_of_them:
                continue
            self._stamps[name] = stamp
            before = self.packs[name].sha if name in self.packs else ""
            try:
                pack = load_pack(path)
            except FileError as error:
                problems = [str(problem) for problem in error.problems]
                log.error("filter.not_reloaded", pack=name, problems=problems)
                told.append(Reloaded(name, before, before, problems))
                continue
            self.packs[name] = pack
            if pack.sha != before or all_of_them:
                log.info("filter.reloaded", pack=name, sha=pack.sha[:12])
                told.append(Reloaded(name, before, pack.sha))
        return told

    def screen(self, text: str, locale: str) -> Screened:
        """For the bot: every sentence with a banned promise is replaced by the rule's wording in the locale."""
        known = (text, locale, *(pack.sha for pack in self.packs.values()))
        if known in self._clean:
            return Screened(text)
        hits = self._find(text, locale)
        if not hits:
            if len(self._clean) >= CLEAN_KEPT:
                self._clean.pop(next(iter(self._clean)))
            self._clean[known] = None
            return Screened(text)
        records = [_record(hit) for hit in hits]
        blocking = [hit for hit in hits if hit.rule.entry.severity == "block"]
        while blocking:
            text = _replaced(text, blocking, locale)
            blocking = [hit for hit in self._find(text, locale) if hit.rule.entry.severity == "block"]
            if blocking and all(pick(hit.rule.replace, locale) in text for hit in blocking):
                return Screened(pick(blocking[0].rule.replace, locale), records)  # a wording that is itself banned
        return Screened(text, records)

    def flag(self, text: str, language: str = "") -> list[dict[str, Any]]:
        """For people: the record of each hit, with `start` and `end` in the text, `reason` by locale and `advice`."""
        return [
            {
                **_record(hit),
                "start": hit.start,
                "end": hit.end,
                "reason": hit.rule.entry.reason,
                "advice": hit.rule.replace,
            }
            for hit in self._find(text, language)
        ]

    def _find(self, text: str, locale: str) -> list[Hit]:
        language = language_of(text) or locale.split("-", maxsplit=1)[0]
        rules: list[FilterRule] = [rule for pack in self.packs.values() for rule in pack.rules]
        spoken = locale.split("-", maxsplit=1)[0]
        hits = find(rules, text, language)
        if spoken not in ("", language):
            hits += [hit for hit in find(rules, text, spoken) if hit.rule not in [found.rule for found in hits]]
        return hits


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def _record(hit: Hit) -> dict[str, Any]:
    entry = hit.rule.entry
    return {"pack": hit.rule.pack, "sha": hit.rule.sha, "rule": entry.id, "severity": entry.severity, "law": entry.law}


def _replaced(text: str, hits: list[Hit], locale: str) -> str:
    """The text with each sentence that holds a hit replaced, one wording once."""
    pieces: list[str] = []
    said: set[str] = set()
    begin = 0
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    for end in [*ends, len(text)] if not ends or ends[-1] < len(text) else ends:
        inside = [hit for hit in hits if begin <= hit.start < end]
        if inside:
            wording = pick(inside[0].rule.replace, locale)
            if wording not in said:
                pieces.append(wording)
                said.add(wording)
        elif not any(hit.start < end and hit.end > begin for hit in hits):  # no rest of a hit over several sentences
            pieces.append(text[begin:end].strip())
        begin = end
    space = "" if locale.startswith("zh") else " "
    return space.join(piece for piece in pieces if piece)
