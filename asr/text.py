"""What the look of a text says about its truth."""

from __future__ import annotations

import zlib


def stutters(text: str) -> bool:
    """Eight letters and more, of only one or two kinds: what Whisper makes of a sneeze or a cry."""
    letters = [letter for letter in text.lower() if letter.isalnum()]
    return len(letters) >= 8 and len(set(letters)) <= 2


def compression(text: str) -> float:
    """Bytes of UTF-8 per byte of zlib; repetitive text exceeds 2.4 (OpenAI whisper, `compression_ratio`)."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0
