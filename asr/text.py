"""What the look of a text says about its truth."""

from __future__ import annotations

import re
import zlib

# What Whisper, trained on films and their subtitles, writes when it hears a crowd, a tick or nothing.
_FROM_SUBTITLES = re.compile(
    r"(thank (you|s)( (so|very) much)?( for (watching|listening|joining us|your attention))?|thanks for watching|"
    r"(please )?subscribe.*|bye( bye)?|you|谢谢(大家|观看|收看|收听)*|(中文)?字幕.*|.*(点赞|订阅|明镜).*)"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_STAMMER = re.compile(r"([^\W\d])(-\1){2,}")  # figures may be said so


def from_subtitles(text: str) -> bool:
    """Only what subtitles end with, once or several times: believed when the score is good."""
    parts = _parts(text)
    return bool(parts) and all(_FROM_SUBTITLES.fullmatch(part) for part in parts)


def over_and_over(text: str) -> bool:
    """One thing, twice and more, and nothing else: "Aargh! Aargh!"."""
    parts = _parts(text)
    return len(parts) > 1 and len(set(parts)) == 1


def said_again(text: str) -> bool:
    """Does the second half say the first once more? People do that; decoders that miss the end do it oftener."""
    letters = re.sub(r"\W", "", text.lower())
    return len(letters) >= 6 and letters[: len(letters) // 2] * 2 == letters


def _parts(text: str) -> list[str]:
    """Its sentences and clauses, in small letters, without punctuation."""
    return [
        part
        for part in (re.sub(r"[^\w ]", "", one).strip() for one in re.split(r"[.,!?;。，！？；]", text.lower()))
        if part
    ]


def stutters(text: str) -> bool:
    """Eight letters and more of only one or two kinds, or "H-h-h!": what Whisper makes of a sneeze or a cry."""
    letters = [letter for letter in text.lower() if letter.isalnum()]
    return (len(letters) >= 8 and len(set(letters)) <= 2) or bool(_STAMMER.fullmatch(text.lower().strip(" .!?")))


def echoes(text: str, prompt: str) -> bool:
    """Is it more than a word of the prompt, and nothing else?"""
    letters = re.sub(r"\W", "", text)
    return len(letters) >= 4 and letters in re.sub(r"\W", "", prompt)


def compression(text: str) -> float:
    """Bytes of UTF-8 per byte of zlib; repetitive text exceeds 2.4 (OpenAI whisper, `compression_ratio`)."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def names_in(language: str, hotwords: tuple[str, ...]) -> str:
    """Hotwords that may come in a language: Chinese ones would pull English speech into Chinese, not the other way round."""
    if language == "zh":
        return "、".join(hotwords)
    return ", ".join(word for word in hotwords if not _HAN.search(word))
