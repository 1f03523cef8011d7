"""Cut text into clauses that can be spoken one after another.

Speech starts when the first clause is ready, so the first one is short; each later one may be at most about as long
as the one before, so that a voice slower than real time by a little is still never waited for. The clauses join back
to the text exactly, because the transcript is made of those that were played.
"""

from __future__ import annotations

import re

FIRST = 12  # weight of the shortest first clause worth speaking alone: four hanzi or two English words
LONG = 90  # weight at which any comma may break: ~6 s of speech
LIMIT = 210  # weight nothing may pass: Kokoro's model takes 510 phonemes, a hanzi has up to 6

_CJK = r"\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_CJK_CHAR = re.compile(f"[{_CJK}]")
_WORD = re.compile(r"\w")
_CLOSERS = "\"'”’」』）)】》]"
_STRONG = "。！？；…!?;\n｡"
_WEAK = "，、：,:—"
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "no",
        "vs",
        "etc",
        "inc",
        "ltd",
        "co",
        "corp",
        "dept",
        "est",
        "approx",
        "ext",
        "tel",
        "fig",
        "jr",
        "sr",
        "ave",
        "blvd",
        "rd",
        "a.m",
        "p.m",
        "e.g",
        "i.e",
        "u.s",
        "u.k",
    ]
)


def weight(text: str) -> int:
    """Rough speaking time in fifteenths of a second: a hanzi takes as long as three Latin letters."""
    return len(text) + 2 * len(_CJK_CHAR.findall(text))


def has_cjk(text: str) -> bool:
    """True when the text holds Chinese, Japanese or Korean characters."""
    return _CJK_CHAR.search(text) is not None


def _is_break(text: str, at: int) -> str:
    """'' | 'weak' | 'strong': what kind of clause end the character at `at` is."""
    char = text[at]
    following = text[at + 1] if at + 1 < len(text) else " "
    if char in "。！？；…\n｡，、—":
        return "strong" if char in _STRONG else "weak"
    before = text[at - 1] if at else " "
    if char == "：":
        return "" if before.isdigit() and following.isdigit() else "weak"
    # ASCII marks also live inside numbers, addresses and times: they end a clause only before a space, a closing
    # mark, the end, or a hanzi.
    if char not in ".!?;,:" or not (following.isspace() or following in _CLOSERS or has_cjk(following)):
        return ""
    if char in ",:" and before.isdigit() and following.isdigit():
        return ""
    if char == ".":
        word = re.search(r"[\w.]*$", text[:at])
        token = word.group().lower() if word else ""
        last = at + 1 >= len(text.rstrip())
        if not last and (token in _ABBREVIATIONS or (len(token) == 1 and token.isalpha())):
            return ""
        return "strong"
    return "strong" if char in _STRONG else "weak"


def _pieces(text: str) -> list[tuple[str, str]]:
    """Text cut at every possible clause end: (piece with its trailing closers and spaces, kind of the end)."""
    pieces: list[tuple[str, str]] = []
    start = at = 0
    while at < len(text):
        kind = _is_break(text, at)
        at += 1
        if not kind:
            continue
        while at < len(text) and (text[at] in _CLOSERS or text[at] in _STRONG + _WEAK + "." or text[at].isspace()):
            if text[at] in _STRONG:
                kind = "strong"
            if text[at] in "\"'" and at and text[at - 1].isspace():
                break  # after a space the quote opens the next clause
            at += 1
        pieces.append((text[start:at], kind))
        start = at
    if start < len(text):
        pieces.append((text[start:], "end"))
    return pieces


def _cut_long(clause: str) -> list[str]:
    """A clause over `LIMIT` without punctuation, cut at spaces or, in Chinese, between characters."""
    parts: list[str] = []
    rest = clause
    while weight(rest) > LIMIT:
        cut = len(rest)
        while weight(rest[:cut]) > LIMIT:
            cut = min(cut - 1, int(cut * LIMIT / weight(rest[:cut])) + 1)
        space = rest.rfind(" ", 1, cut)
        if space > cut // 2:
            cut = space + 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest]


def split(text: str) -> list[str]:
    """Clauses of `text`, which join to it exactly. Empty for text with nothing to say."""
    clauses: list[str] = []
    current = ""
    allowed = FIRST
    for piece, kind in _pieces(text):
        current += piece
        enough = weight(current) >= (allowed if kind == "weak" else FIRST)
        if kind != "end" and enough and _WORD.search(current):
            clauses.append(current)
            allowed = min(LONG, max(allowed, weight(current)))
            current = ""
    if _WORD.search(current):
        clauses.append(current)
    elif clauses:
        clauses[-1] += current
    return [part for clause in clauses for part in _cut_long(clause)]


def pause_ms(clause: str) -> int:
    """Milliseconds of silence that belong after a clause that another one follows."""
    end = clause.rstrip().rstrip(_CLOSERS)[-1:]
    if end in _STRONG or end == ".":
        return 220
    return 90 if end and end in _WEAK else 0
