"""Cues that can be read, in the two formats."""

from __future__ import annotations

import re
from itertools import pairwise

from asr import subtitles
from asr.engine import TimedWord
from asr.transcription import Segment


def spoken(text: str, joint: str, t0_ms: int = 0, each_ms: int = 300, channel: int = 0) -> Segment:
    """A segment whose words follow one another."""
    parts = text.split(joint) if joint else re.findall(r"\w\W*", text)
    words = tuple(TimedWord(p, t0_ms + n * each_ms, t0_ms + (n + 1) * each_ms, 0.9) for n, p in enumerate(parts))
    return Segment(t0_ms, t0_ms + len(parts) * each_ms, text, "en", 0.9, words, channel)


LONG = (
    "You can change the address until the parcel has left our warehouse, and after that the carrier may "
    "still be able to help. Please have your order number ready when you call them."
)


def test_long_speech_becomes_readable_cues_and_no_word_is_lost() -> None:
    cues = subtitles.cues([spoken(LONG, " ")])
    assert " ".join(cue.text for cue in cues) == LONG
    assert all(cue.t1_ms - cue.t0_ms <= subtitles.LONGEST_MS for cue in cues)
    assert all(first.t1_ms <= second.t0_ms for first, second in pairwise(cues))
    assert any(cue.text.endswith("warehouse,") for cue in cues), "a full cue ends with a clause where it can"
    assert any(cue.text.endswith("help.") for cue in cues), "a sentence ends a cue"
    for block in subtitles.srt([spoken(LONG, " ")]).split("\n\n"):
        lines = block.strip().split("\n")[2:]
        assert 1 <= len(lines) <= 2 and all(len(line) <= subtitles.COLUMNS for line in lines), block


def test_chinese_counts_two_columns_and_breaks_without_spaces() -> None:
    text = "您可以在包裹离开仓库之前更改收货地址，之后请联系承运公司，他们也许还能帮助您，请准备好订单号码。"
    cues = subtitles.cues([spoken(text, "")])
    assert "".join(cue.text for cue in cues) == text
    assert len(cues) >= 2
    for block in subtitles.srt([spoken(text, "")]).split("\n\n"):
        lines = block.strip().split("\n")[2:]
        assert len(lines) <= 2 and all(subtitles.width(line) <= subtitles.COLUMNS for line in lines), block


def test_silence_inside_a_segment_parts_cues() -> None:
    words = (TimedWord("Hello.", 0, 500, 0.9), TimedWord("Goodbye.", 4000, 4600, 0.9))
    cues = subtitles.cues([Segment(0, 4700, "Hello. Goodbye.", "en", 0.9, words)])
    assert [(cue.text, cue.t0_ms) for cue in cues] == [("Hello.", 0), ("Goodbye.", 4000)]


def test_without_word_times_a_segment_is_one_cue() -> None:
    assert [cue.text for cue in subtitles.cues([Segment(0, 20_000, LONG, "en", 0.9)])] == [LONG]
    strangers = (TimedWord("other", 0, 10, 0.9),)
    assert [cue.text for cue in subtitles.cues([Segment(0, 900, "words", "en", 0.9, strangers)])] == ["words"]


def test_srt_to_the_letter() -> None:
    segments = [Segment(3_723_004, 3_725_000, "Yes.", "en", 1.0), Segment(0, 100, "One moment.", "en", 1.0)]
    assert subtitles.srt(segments) == (
        "1\n00:00:00,000 --> 00:00:00,800\nOne moment.\n\n2\n01:02:03,004 --> 01:02:05,000\nYes.\n"
    )


def test_vtt_to_the_letter_with_voices_and_marks_escaped() -> None:
    segments = [Segment(0, 900, "R&D <b>", "en", 1.0, channel=1), Segment(500, 1500, "Hm?", "en", 1.0, channel=2)]
    assert subtitles.vtt(segments) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\n<v Channel 1>R&amp;D &lt;b&gt;\n\n"
        "00:00:00.500 --> 00:00:01.500\n<v Channel 2>Hm?\n"
    )


def test_nothing_said_gives_empty_files() -> None:
    assert subtitles.srt([]) == ""
    assert subtitles.vtt([]) == "WEBVTT\n"
