"""The live feed, over a real server and real WebSockets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import websockets

from server.api import history


async def receive(socket: Any) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 30))  # type: ignore[no-any-return]


async def subscribed(world: Any, count: int = 1) -> None:
    """The server accepts before it subscribes; what is shown before that is found by `after`."""
    async with asyncio.timeout(30):
        while len(world.store.bus._subscriptions) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def nobody_subscribed(world: Any) -> None:
    """A page sees its feed closed before the server has cleared up behind it."""
    async with asyncio.timeout(30):
        while world.store.bus._subscriptions:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def close_code(socket: Any) -> int | None:
    with pytest.raises(websockets.ConnectionClosed):
        async with asyncio.timeout(30):
            while True:
                await socket.recv()
    return socket.close_code  # type: ignore[no-any-return]


async def bearer(world: Any, name: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {await world.token(name)}"}}


async def test_staff_see_all_or_one_conversation(world: Any, served: str) -> None:
    one = await world.store.create_conversation(language="en")
    two = await world.store.create_conversation(language="en")
    async with (
        websockets.connect(f"ws://{served}/api/events", **await bearer(world, "amy")) as everything,
        websockets.connect(f"ws://{served}/api/events?conversation={two}", **await bearer(world, "sue")) as second,
    ):
        await subscribed(world, 2)
        await world.store.append(one, "decision", {"block": "a"})
        await world.store.append(two, "decision", {"block": "b"})
        world.store.bus.publish_live(two, "utterance.partial", {"text": "hel"})
        assert [(await receive(everything))["payload"] for _ in range(3)] == [
            {"block": "a"},
            {"block": "b"},
            {"text": "hel"},
        ]
        event = await receive(second)
        assert (event["conversation_id"], event["payload"]) == (two, {"block": "b"})
        assert (await receive(second))["seq"] is None


async def test_a_page_that_comes_back_misses_nothing_and_sees_nothing_twice(world: Any, served: str) -> None:
    conversation = await world.store.create_conversation(language="en")
    events = [await world.store.append(conversation, "decision", {"n": n}) for n in range(20)]
    url = f"ws://{served}/api/events?conversation={conversation}&after={events[9].seq}"
    async with websockets.connect(url, **await bearer(world, "amy")) as socket:
        # Written while the server replays: each must come once, whether by replay or live.
        more = [await world.store.append(conversation, "decision", {"n": n}) for n in range(20, 40)]
        seen = [(await receive(socket))["payload"]["n"] for _ in range(30)]
        assert seen == list(range(10, 40))
        assert more[-1] is not None
        await world.store.append(conversation, "decision", {"n": 40})
        assert (await receive(socket))["payload"]["n"] == 40


async def test_a_caller_sees_the_talk_of_their_own_conversation(world: Any, served: str) -> None:
    own = await world.store.create_conversation(language="en")
    other = await world.store.create_conversation(language="en")
    token = world.app.state.auth.caller_token(own)
    async with websockets.connect(f"ws://{served}/api/events?token={token}") as socket:
        await subscribed(world)
        await world.store.append(other, "bot.said", {"text": "not for you"})
        await world.store.append(own, "decision", {"why": "score 0.3"})
        await world.store.agent_state(
            world.ids["amy"], availability="available", routing_status="idle", contact_id=None
        )
        await world.store.append(own, "bot.said", {"text": "for you", "role": "bot", "why": "secret", "article": "x"})
        event = await receive(socket)
        assert (event["type"], event["payload"]) == ("bot.said", {"text": "for you", "role": "bot"})


async def test_what_is_said_and_noted_for_our_people_is_not_for_callers(world: Any, served: str) -> None:
    own = await world.store.create_conversation(language="en")
    whispered = {"text": "An angry VIP.", "planned": "An angry VIP."}
    for role in ("agent", "external", "supervisor"):
        await world.store.append(own, "bot.said", {"role": role, **whispered})
    await world.store.append(own, "queue.entered", {"reason": "was rude to me", "queue": "billing"})
    await world.store.append(own, "bot.said", {"role": "customer", "text": "for you"})
    token = world.app.state.auth.caller_token(own)
    async with websockets.connect(f"ws://{served}/api/events?token={token}&after=0") as socket:
        seen = [await receive(socket) for _ in range(3)]
    assert [event["payload"] for event in seen[1:]] == [{}, {"role": "customer", "text": "for you"}]
    async with world.as_caller(own) as caller:
        items = (await caller.get(f"/api/conversations/{own}/timeline")).json()
    assert [item["text"] for item in items] == ["", "for you"]


@pytest.mark.parametrize("case", ["none", "bad", "other_conversation", "designer", "expired_epoch", "foreign_page"])
async def test_who_may_not_watch(world: Any, served: str, case: str) -> None:
    own = await world.store.create_conversation(language="en")
    auth = world.app.state.auth
    query, more = "", {}
    if case == "bad":
        query = "?token=nonsense"
    elif case == "other_conversation":
        query = f"?token={auth.caller_token(own)}&conversation=another"
    elif case == "designer":
        more = await bearer(world, "dee")
    elif case == "expired_epoch":
        more = await bearer(world, "amy")
        await world.users.set_password(world.ids["amy"], "new")
    elif case == "foreign_page":
        more = {"additional_headers": {"Cookie": f"warmline={await world.token('amy')}"}, "origin": "http://evil.test"}
    async with websockets.connect(f"ws://{served}/api/events{query}", **more) as socket:
        assert await close_code(socket) == history.UNAUTHORISED


async def test_our_own_page_may_watch_with_its_cookie(world: Any, served: str) -> None:
    conversation = await world.store.create_conversation(language="en")
    headers = {"Cookie": f"warmline={await world.token('amy')}"}
    url = f"ws://{served}/api/events?after=0"
    async with websockets.connect(url, additional_headers=headers, origin=f"http://{served}") as socket:  # type: ignore[arg-type]
        assert (await receive(socket))["conversation_id"] == conversation


async def test_somebody_shut_out_sees_no_more(world: Any, served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found: an open feed went on for as long as the page stayed open."""
    monkeypatch.setattr(history, "RECHECK_S", 0.05)
    async with websockets.connect(f"ws://{served}/api/events", **await bearer(world, "amy")) as socket:
        await subscribed(world)
        await world.users.set_disabled(world.ids["amy"], True)
        assert await close_code(socket) == history.UNAUTHORISED
    await nobody_subscribed(world)


@pytest.mark.parametrize("noise", ["text", b"\x00\x01"])
async def test_what_a_page_sends_is_dropped(world: Any, served: str, noise: str | bytes) -> None:
    """Found: one binary message broke the feed."""
    conversation = await world.store.create_conversation(language="en")
    async with websockets.connect(f"ws://{served}/api/events", **await bearer(world, "amy")) as socket:
        await subscribed(world)
        await socket.send(noise)
        await (await socket.ping())
        await world.store.append(conversation, "decision", {})
        assert (await receive(socket))["type"] == "decision"


@pytest.mark.parametrize("after", ["-1", "x", str(2**63)])
async def test_a_bad_place_to_resume_from_is_refused(world: Any, served: str, after: str) -> None:
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(f"ws://{served}/api/events?after={after}", **await bearer(world, "amy")):
            pass


async def test_pages_that_go_leave_nothing_behind(world: Any, served: str) -> None:
    for _ in range(5):
        async with websockets.connect(f"ws://{served}/api/events", **await bearer(world, "amy")):
            await subscribed(world)
        await nobody_subscribed(world)


class SlowPage:
    """A page at the ASGI door that takes nothing after the first events until told to."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.stuck = asyncio.Event()
        self._first = True

    async def receive(self) -> dict[str, Any]:
        if self._first:
            self._first = False
            return {"type": "websocket.connect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send" and not self.reads.is_set():
            self.stuck.set()
            await self.reads.wait()
        self.sent.append(message)


async def feed(world: Any, page: SlowPage) -> None:
    token = await world.token("amy")
    scope = {
        "type": "websocket",
        "path": "/api/events",
        "raw_path": b"/api/events",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
        "subprotocols": [],
        "scheme": "ws",
        "state": {},
    }
    await world.app(scope, page.receive, page.send)


async def test_a_page_that_lags_is_told_to_come_back(world: Any) -> None:
    conversation = await world.store.create_conversation(language="en")
    page = SlowPage()
    serving = asyncio.create_task(feed(world, page))
    await subscribed(world)
    world.store.bus.publish_live(conversation, "utterance.partial", {})
    await asyncio.wait_for(page.stuck.wait(), 30)
    for n in range(1100):  # the bus takes them all at once, whatever the page does
        world.store.bus.publish_live(conversation, "utterance.partial", {"n": n})
    page.reads.set()
    await asyncio.wait_for(serving, 30)
    assert page.sent[-1]["type"] == "websocket.close"
    assert page.sent[-1]["code"] == history.TOO_SLOW
    assert sum(message["type"] == "websocket.send" for message in page.sent) == 1001


async def test_a_page_that_takes_nothing_is_dropped(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "SEND_TIMEOUT_S", 0.05)
    conversation = await world.store.create_conversation(language="en")
    page = SlowPage()
    serving = asyncio.create_task(feed(world, page))
    await subscribed(world)
    world.store.bus.publish_live(conversation, "utterance.partial", {})
    await asyncio.wait_for(serving, 30)
    assert page.sent[-1]["code"] == history.TOO_SLOW
    assert world.store.bus._subscriptions == set()
