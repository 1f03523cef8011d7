"""How long a card takes: from a customer's words to the set of cards that the agent's page is sent.

    python -m benchmarks.assist --json FILE

Articles and next steps are measured through the front door: a private instance of the whole server, chats whose customers
asked for a person and go on writing sentences that nobody saw before (each costs its sentence vectors), and a page that
watches. Kind words are measured inside one process, from the judgement of an utterance to the card, since a chat has no
voice: the database and the watching are the app's own. The budgets are 1.5 s and 1 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets

from server.demo.instance import Instance, private_instance
from server.desktop.desktop import Desktop
from server.settings import ROOT, load
from session.consents import Consents
from session.ids import new_id
from session.policy import POLICIES
from session.store import Store
from session.types import NewAffect

SEED = 7
CARD_S = 10.0  # s after which a card does not come any more
PERSON = "I want to talk to a person"
ASKED = (
    "how do I return something",
    "how long does delivery take",
    "怎么退货",
    "what are your opening hours",
    "多久能送到",
    "where is your shop",
    "I forgot my password",
    "where is my order",
)
COLOURS = ("red", "green", "blue", "grey", "black", "white", "brown", "yellow")


async def through_the_door(chats: int, messages: int, think_s: tuple[float, float]) -> tuple[list[float], int]:
    """Ms from the request with the words to the card, and how many words brought none. Raises `DemoError`."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        env = {"WARMLINE_SERVER__OFFERS_PER_MINUTE": "10000", "WARMLINE_SERVER__LOG_LEVEL": "warning"}
        async with (
            private_instance(Path(folder), load().models_dir, env=env) as instance,
            httpx.AsyncClient(base_url=instance.http, timeout=30.0) as client,
        ):
            missing = await asyncio.gather(
                *(_chat(instance, client, number, messages, think_s, took) for number in range(chats))
            )
    return took, sum(missing)


async def _chat(
    instance: Instance,
    client: httpx.AsyncClient,
    number: int,
    messages: int,
    think_s: tuple[float, float],
    took: list[float],
) -> int:
    dice = random.Random(SEED * 1000 + number)
    begun = (await client.post("/api/chat", json={"locale": "en"})).raise_for_status().json()
    conversation = begun["conversation_id"]
    at = f"/api/conversations/{conversation}/messages"
    caller = {"Authorization": f"Bearer {begun['token']}"}
    url = f"{instance.http.replace('http', 'ws')}/api/events?conversation={conversation}&after=0"
    missing = 0
    async with websockets.connect(
        url, additional_headers={"Authorization": f"Bearer {instance.agent_token}"}
    ) as socket:
        (await client.post(at, json={"text": PERSON}, headers=caller)).raise_for_status()
        await _until(socket, "queue.entered", 60.0)
        for turn in range(messages):
            await asyncio.sleep(dice.uniform(*think_s))
            words = f"{ASKED[(number + turn) % len(ASKED)]}, the {dice.choice(COLOURS)} one no. {number}-{turn}"
            sent = time.perf_counter()
            (await client.post(at, json={"text": words}, headers=caller)).raise_for_status()
            if await _until(socket, "assist.cards", CARD_S):
                took.append((time.perf_counter() - sent) * 1000)
            else:
                missing += 1
    return missing


async def _until(socket: websockets.ClientConnection, kind: str, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            while json.loads(await socket.recv())["type"] != kind:
                pass
    except TimeoutError:
        return False
    return True


async def kind_words(count: int) -> list[float]:
    """Ms from a judged utterance to the card with kind words."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/w.db")
        desktop = Desktop(store, flows=ROOT / "flows", data_dir=Path(folder))
        running = asyncio.create_task(desktop.run())
        await asyncio.sleep(0.1)
        watching = store.bus.subscribe(lambda event: event.type == "assist.cards")
        consents = Consents(store)
        for _ in range(count):
            conversation = await store.create_conversation(language="en")
            contact = await store.add_contact(
                conversation, channel="voice", direction="inbound", initiation_method="inbound"
            )
            participant = await store.add_participant(contact, role="customer")
            leg = new_id()
            await store.add_leg(leg_id=leg, participant_id=participant, transport="sip", remote="", worker_id="w")
            token = await consents.record(
                conversation, contact, purposes=["emotion"], given=True, wording="?", policy=POLICIES["eu"]
            )
            if token is None:
                raise RuntimeError("a consent that was given gives no token")
            affect = NewAffect(
                utterance_id=new_id(), arousal=0.7, valence=-0.6, label="angry", confidence=0.9, evidence=[],
                frustration=0.8, trend="angry", disagreement="", model="",
            )  # fmt: skip
            begun = time.perf_counter()
            await consents.add_affect(token, affect, contact_id=contact, participant_id=participant, leg_id=leg)
            await asyncio.wait_for(watching.get(), CARD_S)
            took.append((time.perf_counter() - begun) * 1000)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()
    return took


def told(took: Sequence[float], budget_ms: float) -> dict[str, Any]:
    """Quantiles, and the share within the budget."""
    if not took:
        return {"cards": 0}
    return {
        "cards": len(took),
        "p50_ms": round(float(np.percentile(took, 50)), 1),
        "p95_ms": round(float(np.percentile(took, 95)), 1),
        "max_ms": round(max(took), 1),
        "within_budget": round(sum(ms <= budget_ms for ms in took) / len(took), 4),
    }


def main() -> None:
    """Entry of `python -m benchmarks.assist`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--chats", type=int, default=20, help="customers who write at once")
    parser.add_argument("--messages", type=int, default=8)
    parser.add_argument("--kind-words", type=int, default=100)
    options = parser.parse_args()
    comfort = asyncio.run(kind_words(options.kind_words))
    cards, missing = asyncio.run(through_the_door(options.chats, options.messages, (2.0, 6.0)))
    result = {"words_to_card": {**told(cards, 1500), "without_card": missing}, "mood_to_card": told(comfort, 1000)}
    for name, figures in result.items():
        print(name, " ".join(f"{key}={value}" for key, value in figures.items()))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
