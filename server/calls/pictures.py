"""Pictures that callers gave, as files beside the recordings; the name says what they are."""

from __future__ import annotations

import re
from pathlib import Path

from session.ids import new_id

_KINDS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (".jpg", re.compile(rb"\xff\xd8\xff")),
    (".png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    (".webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    (".webm", re.compile(rb"\x1a\x45\xdf\xa3")),
    (".mp4", re.compile(rb"....ftyp", re.DOTALL)),
)
_PHOTOS = frozenset({".jpg", ".png", ".webp"})
_NAME = re.compile(r"[0-9a-f-]{8,40}")


def keep(folder: Path, conversation_id: str, data: bytes, *, want: str) -> str:
    """Write it (blocking); its name. Raises ValueError when it is not what was asked for, whatever it calls itself."""
    suffix = next((suffix for suffix, magic in _KINDS if magic.match(data)), "")
    if not suffix or (want == "photo" and suffix not in _PHOTOS):
        wanted = "a JPEG, PNG or WebP picture" if want == "photo" else "a WebM or MP4 video, or a picture"
        raise ValueError(f"this is no {wanted.removeprefix('a ')}")
    place = folder / conversation_id
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    ref = new_id()
    path = place / f"{ref}{suffix}"
    path.touch(mode=0o600)
    path.write_bytes(data)
    return ref


def find(folder: Path, conversation_id: str, ref: str) -> Path | None:
    """The file of a picture of this conversation."""
    if not _NAME.fullmatch(conversation_id) or not _NAME.fullmatch(ref):
        return None
    return next((folder / conversation_id).glob(f"{ref}.*"), None)
