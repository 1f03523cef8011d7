"""Pages, headers, limits, health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from media.options import MediaOptions
from server.api import guard
from server.api.app import create_api
from server.options import ServerOptions


async def test_unbuilt_pages_say_what_to_do(world: Any) -> None:
    async with world.client() as client:
        answer = await client.get("/agent")
    assert answer.status_code == 503
    assert "make web" in answer.text


@pytest.mark.parametrize("path", ["/", "/login", "/agent", "/conversations", "/conversations/0192-abc"])
async def test_every_page_is_the_one_built_page(world: Any, tmp_path: Path, path: str) -> None:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<title>built</title>")
    (tmp_path / "dist" / "assets" / "a.js").write_text("1")
    world.app = create_api(
        ServerOptions(),
        MediaOptions(),
        store=world.store,
        control=world.control,
        inference_metrics=world.control.inference_metrics,
        key="k" * 64,
        realm="r",
        pages=tmp_path / "dist",
    )
    async with world.client() as client:
        answer = await client.get(path)
        assert "built" in answer.text
        assert answer.headers["cache-control"] == "no-cache"
        assert (await client.head(path)).status_code == 200  # monitors ask like this
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert (await client.get("/assets/a.js")).text == "1"
        for outside in ("/assets/../index.html", "/assets/%2e%2e/index.html", "/assets/..%2f..%2fw.db"):
            assert (await client.get(outside)).status_code == 404


async def test_headers_are_on_everything_and_answers_are_not_kept(world: Any) -> None:
    async with world.client() as client:
        for path in ("/", "/api/me", "/api/health", "/api/none", "/api/openapi.json"):
            answer = await client.get(path)
            for name in guard.HEADERS:
                assert name in answer.headers, (path, name)
            assert answer.headers.get("cache-control") == ("no-store" if path.startswith("/api") else None)


async def test_a_body_too_large_is_refused_however_it_is_sent(world: Any) -> None:
    """Found: a body in chunks, which declares no length, was read without bound."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"sdp": "'
        for _ in range(guard.MAX_BODY // 1000 + 2):
            yield b"x" * 1000
        raise AssertionError("read on after the limit")

    async with world.client() as client:
        json = {"Content-Type": "application/json"}
        declared = await client.post("/api/offer", content=b"x" * (guard.MAX_BODY + 1), headers=json)
        chunked = await client.post("/api/offer", content=chunks(), headers=json)
        odd = await client.post("/api/offer", content=b"{}", headers=json | {"Content-Length": "-1"})
    assert [declared.status_code, chunked.status_code, odd.status_code] == [413, 413, 413]
    assert "X-Frame-Options" in declared.headers
    assert str(guard.MAX_BODY) in chunked.json()["detail"]


async def test_what_breaks_here_is_told_without_its_insides(world: Any) -> None:
    world.control.refusal = RuntimeError("secret insides")
    async with world.as_caller("c1") as own:
        answer = await own.post("/api/conversations/c1/hangup")
    assert answer.status_code == 500
    assert "secret insides" not in answer.text
    assert "detail" in answer.json()


async def test_health_tells_strangers_little(world: Any) -> None:
    async with world.client() as client, world.as_caller("c1") as caller:
        assert (await client.get("/api/health")).json() == {"status": "ok"}
        assert (await caller.get("/api/health")).json() == {"status": "ok"}
    async with await world.as_user("amy") as amy, await world.as_user("sue") as sue:
        assert (await amy.get("/api/health")).json() == {"status": "ok"}
        assert "planes" in (await sue.get("/api/health")).json()


async def test_the_api_describes_itself(world: Any) -> None:
    async with world.client() as client:
        assert "/api/offer" in (await client.get("/api/openapi.json")).json()["paths"]
        # FastAPI's interactive pages would load scripts from elsewhere.
        assert (await client.get("/api/docs")).status_code == 404
        assert (await client.get("/docs")).status_code == 404


async def test_a_nul_is_refused_at_the_door(world: Any) -> None:
    """Found: the music of a queue was an internal error; PostgreSQL takes it in no text at all."""
    async with await world.as_user("root") as root, await world.as_user("sue") as sue:
        answers = {
            "music": await root.put("/api/queues/x", json={"music": "a\0b"}),
            "text": await sue.post("/api/supervise/broadcast", json={"text": "a\0b"}),
            "key": await sue.post("/api/supervise/broadcast", json={"text": "a", "\0": 1}),
            "path": await sue.get("/api/conversations/a%00b"),
            "query": await sue.get("/api/conversations?query=%00"),
        }
        for place, answer in answers.items():
            assert (answer.status_code, answer.json()["detail"]) == (422, guard.NO_NUL), place
        for text in ("\\u0000", "\\\\u0000", "NUL"):  # a backslash is a backslash
            assert (await sue.post("/api/supervise/broadcast", json={"text": text})).status_code == 204
