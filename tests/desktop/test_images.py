"""Images are decoded and written anew: nothing of the camera, nothing hidden, no bombs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from server.calls import pictures


def photo(name: str = "JPEG", size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGBA" if name != "JPEG" else "RGB", size, "red")
    image.save(out, name, **more)
    return out.getvalue()


def with_place() -> bytes:
    """A photo that says where it was made, turned by the camera."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90°
    exif[0x010F] = "PhoneMaker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return photo(exif=exif, comment=b"taken at home")


def bomb() -> bytes:
    """A small PNG that says it has 30 000 × 30 000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


def test_place_and_device_are_gone_and_the_picture_is_upright() -> None:
    data = with_place()
    assert b"PhoneMaker" in data
    kept = pictures.clean(data)
    assert (kept.mime, kept.width, kept.height) == ("image/jpeg", 40, 60)
    for secret in (b"PhoneMaker", b"Exif", b"taken at home"):
        assert secret not in kept.data
    with Image.open(io.BytesIO(kept.data)) as image:
        assert not image.getexif() and image.size == (40, 60)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_each_kind_stays_its_own(name: str) -> None:
    kept = pictures.clean(photo(name) + b"<script>hidden behind the picture</script>")
    assert (kept.mime, kept.width, kept.height) == (f"image/{name.lower()}", 60, 40)
    assert b"script" not in kept.data


def test_a_large_picture_is_made_smaller() -> None:
    kept = pictures.clean(photo(size=(5000, 100)))
    assert (kept.width, kept.height) == (4096, 82)


@pytest.mark.parametrize(
    "data",
    [
        bomb,
        lambda: photo()[:200],
        lambda: b"",
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        lambda: photo("GIF"),
        lambda: photo("TIFF"),
        lambda: b"\xff\xd8\xff\xe0" + bytes(1000),
        lambda: b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_or_a_bomb_is_refused(data: Callable[[], bytes]) -> None:
    with pytest.raises(ValueError, match="picture"):
        pictures.clean(data())
