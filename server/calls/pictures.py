"""Pictures that people gave, as files in the data folder; the name says what they are.

A photo is decoded and written anew: what a camera adds (place, time, device, thumbnails) and what a file may hide stays
behind, and what cannot be decoded is not kept at all.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from session.ids import new_id

MOST_PIXELS = 40_000_000  # a phone's largest photo; decoded it takes 160 MB, and no more than one at a time is decoded
MOST_SIDE = 4096  # pixels of what is kept: enough to read a label, a fraction of the bytes
QUALITY = 88  # of JPEG and WebP: nobody sees the difference
_DECODING = threading.Lock()
_FORMATS = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}

_KINDS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (".jpg", re.compile(rb"\xff\xd8\xff")),
    (".png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    (".webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    (".webm", re.compile(rb"\x1a\x45\xdf\xa3")),
    (".mp4", re.compile(rb"....ftyp", re.DOTALL)),
)
_PHOTOS = frozenset({".jpg", ".png", ".webp"})
_NAME = re.compile(r"[0-9a-f-]{8,40}")


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is kept. `width`, `height` in pixels, upright."""

    data: bytes = field(repr=False)
    mime: str
    suffix: str
    width: int
    height: int


def clean(data: bytes) -> Photo:
    """Decode and write anew (blocking, up to a second). Raises ValueError for what is no picture, or a bomb of one."""
    try:
        with _DECODING, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=tuple(_FORMATS)) as image:
                name = image.format if image.format in _FORMATS else "JPEG"  # MPO: a JPEG with more behind it
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(f"the picture has more than {MOST_PIXELS // 1_000_000} megapixels")
                image.draft("RGB", (MOST_SIDE, MOST_SIDE))
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((MOST_SIDE, MOST_SIDE))
                mode = "RGB" if name == "JPEG" or not upright.has_transparency_data else "RGBA"
                plain = upright.convert(mode)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError("this is no JPEG, PNG or WebP picture") from error
    except (OSError, SyntaxError, EOFError, IndexError, OverflowError) as error:
        raise ValueError("the picture is damaged") from error
    plain.info.clear()
    out = io.BytesIO()
    mime, suffix = _FORMATS[name]
    if name == "PNG":
        plain.save(out, "PNG", optimize=False)
    else:
        plain.save(out, name, quality=QUALITY)
    return Photo(out.getvalue(), mime, suffix, plain.width, plain.height)


def keep(folder: Path, conversation_id: str, data: bytes, *, want: str) -> str:
    """Write it (blocking); its name. Raises ValueError when it is not what was asked for, whatever it calls itself."""
    suffix = next((suffix for suffix, magic in _KINDS if magic.match(data)), "")
    if not suffix or (want == "photo" and suffix not in _PHOTOS):
        wanted = "a JPEG, PNG or WebP picture" if want == "photo" else "a WebM or MP4 video, or a picture"
        raise ValueError(f"this is no {wanted.removeprefix('a ')}")
    return write(folder, conversation_id, clean(data).data if suffix in _PHOTOS else data, suffix)


def write(folder: Path, conversation_id: str, data: bytes, suffix: str) -> str:
    """Write a file of a conversation, for the owner's eyes (blocking); its name."""
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


def discard(folder: Path, conversation_id: str, ref: str) -> None:
    """Remove a picture that nobody wants any more (blocking)."""
    if (path := find(folder, conversation_id, ref)) is not None:
        path.unlink(missing_ok=True)
