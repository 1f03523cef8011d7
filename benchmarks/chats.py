"""Chats with a running app through its front door: `POST /api/chat`, messages by HTTP, replies by WebSocket.

A private instance of the whole server is started; every chat thinks for a while between two messages, as people do, and no message
was seen before, so that each costs its sentence vectors. From the message's first byte to the first reply on the
WebSocket, which leaves only after the run and the reply are committed.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import websockets

from server.demo.instance import Instance, private_instance
from server.settings import load

SEED = 5
REPLY_S = 20.0  # s after which a reply does not come any more
QUIET_S = 0.7  # s without a further message after which the reply is complete
# In two languages. Who asks the same a second time is handed to a person, and waits there without a reply.
ASKED = (
    ("what are your opening hours", "你们几点开门"),
    ("how do I return something", "怎么退货"),
    ("how long does delivery take", "多久能送到"),
    ("where are you", "你们在哪里"),
    ("which ways can I pay", "可以用什么方式付款"),
    ("is there a warranty", "有保修吗"),
    ("I need an invoice", "怎么开发票"),
)


@dataclass
class Chats:
    """What came of all of them."""

    replies_ms: list[float] = field(default_factory=list)
    unanswered: int = 0


async def measure(count: int, messages: int, think_s: tuple[float, float]) -> Chats:
    """`count` chats at once, each of so many messages, with so long a thought before each. Raises `DemoError`."""
    found = Chats()
    with tempfile.TemporaryDirectory() as folder:
        env = {"WARMLINE_SERVER__OFFERS_PER_MINUTE": "10000", "WARMLINE_SERVER__LOG_LEVEL": "warning"}
        async with private_instance(Path(folder), load().models_dir, env=env) as instance:
            limits = httpx.Limits(max_connections=count)
            async with httpx.AsyncClient(base_url=instance.http, timeout=REPLY_S, limits=limits) as client:
                await _chat(
                    instance, client, -1, ASKED[0][:1], (0.0, 0.1), Chats()
                )  # waits until the intents are learnt
                await asyncio.gather(
                    *(
                        _chat(instance, client, number, _lines(number, messages), think_s, found)
                        for number in range(count)
                    )
                )
    return found


def _lines(number: int, messages: int) -> list[str]:
    return [f"{ASKED[(number + at) % len(ASKED)][(number + at) % 2]} {number}.{at}" for at in range(messages)]


async def _chat(
    instance: Instance,
    client: httpx.AsyncClient,
    number: int,
    lines: Sequence[str],
    think_s: tuple[float, float],
    found: Chats,
) -> None:
    dice = random.Random(SEED * 1000 + number)
    await asyncio.sleep(dice.uniform(0, think_s[1]))
    begun = (await client.post("/api/chat", json={"locale": "en"})).raise_for_status().json()
    at = f"/api/conversations/{begun['conversation_id']}/messages"
    headers = {"Authorization": f"Bearer {begun['token']}"}
    url = f"{instance.http.replace('http', 'ws')}/api/events?token={begun['token']}&after=0"
    async with websockets.connect(url) as socket:
        await _reply(socket, REPLY_S)  # the greeting
        for words in lines:
            await _rest(socket)
            await asyncio.sleep(dice.uniform(*think_s))
            sent = time.perf_counter()
            (await client.post(at, json={"text": words}, headers=headers)).raise_for_status()
            if await _reply(socket, REPLY_S):
                found.replies_ms.append((time.perf_counter() - sent) * 1000)
            else:
                found.unanswered += 1


async def _reply(socket: websockets.ClientConnection, timeout_s: float) -> bool:
    """Wait for the bot's next message."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                event = json.loads(await socket.recv())
                if event["type"] == "message" and event["payload"]["role"] == "bot":
                    return True
    except TimeoutError:
        return False


async def _rest(socket: websockets.ClientConnection) -> None:
    """The further messages of the same reply."""
    while await _reply(socket, QUIET_S):
        pass
