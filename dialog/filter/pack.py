"""A policy pack: `filter/v1` files of rules, read and checked; what a rule may look like keeps matching linear in the text.

A pattern is words with bounded gaps, like `{guarantee}..8{return}`: `{name}` is any of the pack's `terms`, `a|b` one of
these, `..8` at most so many characters in the same clause, `<percent>` and `<number>` figures or numbers spelled out.
There are no regular expressions, so none can run away.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialog import yamlfile
from dialog.filter.normal import normal
from dialog.rulebook import rule
from dialog.yamlfile import Document, FileError, Problem, misshapen, read_text

PATTERN = rule(
    "filter-pattern",
    "E",
    "a pattern of a filter pack cannot be used",
    "docs/content-filter.md says what a pattern may hold",
)
TWICE = rule("filter-rule-twice", "E", "two rules of a filter pack have the same id", "rename one")
WORDING = rule(
    "filter-wording", "E", "a rule has no replacement in a language it watches", "add it, or to the pack's `replace`"
)
ID = rule("filter-id", "E", "a filter pack's id is not its file's name", "rename one of them")

MOST_WORDS = 3000  # literals of one pack; what a sentence costs is at most this times its length
MOST_GAP = 30  # characters
MOST_PARTS = 4
_PARTS = re.compile(r"(\s*\.\.\d+\s*)")
_KEY = re.compile(r"\{([a-z_]+)\}")
Language = Literal["zh", "en", "de", "fr"]
Text = Annotated[str, Field(min_length=1)]


class RuleEntry(BaseModel):
    """One banned claim."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    severity: Literal["block", "warn"] = Field(
        default="block", description="block: the bot does not say it; warn: it is only flagged"
    )
    reason: dict[str, str] = Field(min_length=1, description="for the desk, by locale")
    law: Text
    patterns: dict[Language, list[Text]] = Field(min_length=1)
    unless: dict[Language, list[Text]] = Field(
        default_factory=dict, description="patterns that, anywhere in the same sentence, make it harmless"
    )
    negation: Literal["excuses", "counts"] = Field(
        default="excuses", description="`counts`: a no before it changes nothing, since the claim itself has one"
    )
    replace: dict[str, str] = Field(default_factory=dict, description="said instead of the sentence, by locale")


class PackFile(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["filter/v1"]
    id: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    title: dict[str, str]
    terms: dict[str, list[Text]] = Field(default_factory=dict)
    replace: dict[str, str] = Field(min_length=1, description="where a rule has no wording of its own")
    rules: list[RuleEntry] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Parts, each one of some words (or `<percent>`, `<number>`), and the most characters before each but the first."""

    parts: tuple[tuple[str, ...], ...]
    gaps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule, ready to be looked for."""

    pack: str
    sha: str
    entry: RuleEntry
    patterns: dict[str, list[Pattern]]
    unless: dict[str, list[Pattern]]
    replace: dict[str, str]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, ready to be used."""

    id: str
    sha: str
    rules: list[FilterRule]
    words: int
    """How many literals it looks for."""


def load_pack(path: Path) -> Pack:
    """Read and check one file. Raises `FileError` naming file and line."""
    pack = parse_pack(read_text(path), str(path))
    if pack.id != path.stem:
        raise FileError([Problem(str(path), 1, f"id is {pack.id!r}, the file {path.stem!r}", ID)])
    return pack


def parse_pack(text: str, name: str = "pack.yaml") -> Pack:
    """Parse and check. Raises `FileError`."""
    document = yamlfile.parse(text, name)
    if not isinstance(document.data, dict):
        raise FileError([document.problem((), "a pack is a mapping that begins with `format: filter/v1`")])
    try:
        file = PackFile.model_validate(document.data)
    except ValidationError as error:
        raise FileError([misshapen(document, item) for item in error.errors()]) from None
    sha = hashlib.sha256(text.encode()).hexdigest()
    problems: list[Problem] = []
    rules, seen = list[FilterRule](), set[str]()
    for index, entry in enumerate(file.rules):
        place = ("rules", index)
        if entry.id in seen:
            problems.append(document.problem((*place, "id"), f"rule {entry.id!r} is there twice", TWICE))
        seen.add(entry.id)
        replace = {**file.replace, **entry.replace}
        problems += [
            document.problem(place, f"rule {entry.id!r}: no wording for {language}", WORDING)
            for language in entry.patterns
            if not any(locale.split("-")[0] == language for locale in replace)
        ]
        patterns = _compiled(file, document, (*place, "patterns"), entry.patterns, problems)
        unless = _compiled(file, document, (*place, "unless"), entry.unless, problems)
        rules.append(FilterRule(file.id, sha, entry, patterns, unless, replace))
    words = sum(
        len(part)
        for item in rules
        for listed in (*item.patterns.values(), *item.unless.values())
        for pattern in listed
        for part in pattern.parts
    )
    if words > MOST_WORDS:
        problems.append(
            document.problem((), f"{words} words to look for in every sentence; {MOST_WORDS} are allowed", PATTERN)
        )
    if problems:
        raise FileError(problems)
    return Pack(file.id, sha, rules, words)


def _compiled(
    file: PackFile,
    document: Document,
    place: yamlfile.Place,
    listed: dict[Language, list[str]],
    problems: list[Problem],
) -> dict[str, list[Pattern]]:
    found: dict[str, list[Pattern]] = {}
    for language, texts in listed.items():
        for index, text in enumerate(texts):
            try:
                found.setdefault(language, []).append(_pattern(text, file.terms, language))
            except ValueError as error:
                problems.append(document.problem((*place, language, index), f"{text!r}: {error}", PATTERN))
    return found


def _pattern(text: str, terms: dict[str, list[str]], language: str) -> Pattern:
    pieces = _PARTS.split(text.strip())
    gaps = tuple(int(piece.strip()[2:]) for piece in pieces[1::2])
    if any(gap > MOST_GAP for gap in gaps):
        raise ValueError(f"a gap is {MOST_GAP} characters at most")
    if len(pieces[::2]) > MOST_PARTS:
        raise ValueError(f"{MOST_PARTS} parts at most")
    return Pattern(tuple(_part(piece.strip(), terms, language) for piece in pieces[::2]), gaps)


def _part(piece: str, terms: dict[str, list[str]], language: str) -> tuple[str, ...]:
    if piece in ("<percent>", "<number>"):
        return (piece,)
    whole = _KEY.fullmatch(piece)
    if whole:
        if whole.group(1) not in terms:
            raise ValueError(f"there is no term {whole.group(1)!r}; there are {', '.join(terms) or 'none'}")
        words = terms[whole.group(1)]
    else:
        words = piece.split("|")
    least = 1 if language == "zh" else 2
    plain = tuple(dict.fromkeys(normal(word.strip()).text.strip() for word in words))
    for word in plain:
        if len(word) < least or any(letter in word for letter in "{}<>"):
            raise ValueError(f"{word!r} is no word to look for; a name in braces stands alone between gaps")
    return plain
