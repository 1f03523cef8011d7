"""Pictures that a flow asked for: given by their caller alone, seen by staff, and what they say they are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from server.api import guard
from server.calls import pictures

JPEG = b"\xff\xd8\xff\xe0" + bytes(500_000)  # more than other requests may have


async def test_the_caller_gives_and_staff_see(world: Any) -> None:
    path = "/api/conversations/c1/visuals"
    async with world.as_caller("c1") as caller:
        answer = await caller.post(path, params={"request_id": "c1:go:1"}, content=JPEG)
        assert (answer.status_code, answer.json()) == (200, {"ref": "p1"})
        large = await caller.post(path, params={"request_id": "x"}, content=bytes(guard.MAX_PICTURE + 1))
        assert large.status_code == 413
        assert (await caller.get(f"{path}/p1")).status_code == 401
    async with await world.as_user("amy") as amy:
        assert (await amy.post(path, params={"request_id": "x"}, content=JPEG)).status_code == 403
        assert (await amy.get(f"{path}/p1")).status_code == 404
    assert world.control.asked == [("picture", "c1", "c1:go:1", len(JPEG)), ("picture_path", "c1", "p1")]


def test_a_picture_is_kept_under_its_own_kind(tmp_path: Path) -> None:
    conversation = "01a1feeb-11ed-713d-8e19-1f81b3db52e3"
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(photo, "JPEG")
    ref = pictures.keep(tmp_path, conversation, photo.getvalue(), want="photo")
    path = pictures.find(tmp_path, conversation, ref)
    assert path is not None
    assert (path.suffix, path.stat().st_mode & 0o777) == (".jpg", 0o600)
    with pytest.raises(ValueError, match=r"damaged|no JPEG"):
        pictures.keep(tmp_path, conversation, JPEG, want="photo")
    assert pictures.find(tmp_path, "01a1feeb-11ed-713d-8e19-1f81b3db52e4", ref) is None
    for bad in ("../../etc/passwd", "*", ""):
        assert pictures.find(tmp_path, conversation, bad) is None


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x1a\x45\xdf\xa3 a video", b"MZ" + bytes(100)])
def test_what_is_no_photo_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG, PNG or WebP"):
        pictures.keep(tmp_path, "01a1feeb-11ed-713d-8e19-1f81b3db52e3", data, want="photo")
    assert list(tmp_path.iterdir()) == []
