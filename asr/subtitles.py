"""Subtitles of a transcript: SubRip (.srt) and WebVTT (.vtt).

A cue is at most two lines of 42 columns and 7 s (the usual limits of broadcasters); it ends with a sentence where it can.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from asr.engine import TimedWord
from asr.transcription import Segment

COLUMNS = 42
LONGEST_MS = 7000
SHORTEST_MS = 800  # ms a cue stays, if the next one does not begin before
SENTENCE_MS = 1500  # ms of a cue from which the end of a sentence ends it
SENTENCE_ENDS = ".!?。！？…"
CLAUSE_ENDS = SENTENCE_ENDS + ",;:，、；："
PAUSE_MS = 1000  # ms of silence after which words are a cue of their own
Placed = tuple[TimedWord, int, int]  # a word, and where it lies in its segment's text


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle; ms from the recording's start."""

    t0_ms: int
    t1_ms: int
    text: str
    channel: int = 0


def cues(segments: Iterable[Segment]) -> list[Cue]:
    """In order of time. Segments with word times are cut into readable pieces, others are one cue each."""
    found = sorted((cue for segment in segments for cue in _pieces(segment)), key=lambda cue: cue.t0_ms)
    shown = []
    for number, cue in enumerate(found):
        until = max(cue.t1_ms, cue.t0_ms + SHORTEST_MS)
        following = next((other.t0_ms for other in found[number + 1 :] if other.channel == cue.channel), until)
        shown.append(replace(cue, t1_ms=max(cue.t0_ms + 1, min(until, following))))
    return shown


def srt(segments: Iterable[Segment]) -> str:
    """SubRip. With split channels a cue begins with its channel's number."""
    blocks = []
    for number, cue in enumerate(cues(segments), 1):
        speaker = f"[{cue.channel}] " if cue.channel else ""
        blocks.append(f"{number}\n{_time(cue.t0_ms, ',')} --> {_time(cue.t1_ms, ',')}\n{_lines(speaker + cue.text)}\n")
    return "\n".join(blocks)


def vtt(segments: Iterable[Segment]) -> str:
    """WebVTT (W3C). With split channels a cue names its channel as its voice."""
    blocks = ["WEBVTT\n"]
    for cue in cues(segments):
        text = _lines(cue.text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        voice = f"<v Channel {cue.channel}>" if cue.channel else ""
        blocks.append(f"{_time(cue.t0_ms, '.')} --> {_time(cue.t1_ms, '.')}\n{voice}{text}\n")
    return "\n".join(blocks)


def width(text: str) -> int:
    """Columns: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _pieces(segment: Segment) -> list[Cue]:
    placed = _places(segment.text, segment.words)
    if not placed:
        return [Cue(segment.t0_ms, segment.t1_ms, segment.text, segment.channel)]
    groups: list[list[Placed]] = [[]]
    for word, start, end in placed:
        group = groups[-1]
        if group:
            first, last = group[0], group[-1]
            ends = last[0].text[-1:] in SENTENCE_ENDS and last[0].t1_ms - first[0].t0_ms >= SENTENCE_MS
            silent = word.t0_ms - last[0].t1_ms >= PAUSE_MS
            # One line and three quarters: breaking at spaces leaves the rest of two lines unused.
            full = width(segment.text[first[1] : end]) > 1.75 * COLUMNS or word.t1_ms - first[0].t0_ms > LONGEST_MS
            if ends or silent:
                groups.append([])
            elif full:
                groups.append(_rest(group))
        groups[-1].append((word, start, end))
    return [
        Cue(group[0][0].t0_ms, group[-1][0].t1_ms, segment.text[group[0][1] : group[-1][2]], segment.channel)
        for group in groups
    ]


def _rest(group: list[Placed]) -> list[Placed]:
    """Take out of a full cue what comes after the last comma of its second half."""
    for at in range(len(group) - 1, len(group) // 2, -1):
        if group[at - 1][0].text[-1:] in CLAUSE_ENDS:
            rest = group[at:]
            del group[at:]
            return rest
    return []


def _places(text: str, words: tuple[TimedWord, ...]) -> list[Placed]:
    """Where each word lies in the text; nothing when they do not fit together."""
    placed, at = [], 0
    for word in words:
        start = text.find(word.text, at)
        if start < 0:
            return []
        at = start + len(word.text)
        placed.append((word, start, at))
    return placed


def _lines(text: str) -> str:
    """Text over as few lines as fit, of about equal length."""
    columns = width(text)
    if columns <= COLUMNS:
        return text
    if " " in text:
        return "\n".join(
            textwrap.wrap(text, max(COLUMNS * 3 // 4, min(COLUMNS, columns // 2 + 8)), break_on_hyphens=False)
        )
    lines = -(-columns // COLUMNS)
    per_line = -(-len(text) // lines)
    return "\n".join(text[start : start + per_line] for start in range(0, len(text), per_line))


def _time(ms: int, point: str) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
