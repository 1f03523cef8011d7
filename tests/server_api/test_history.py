"""Reading conversations back, and the recording."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.api.customers import TimelineItem
from server.api.history import HistoryOut
from session.ids import new_id
from session.types import NewUtterance


async def call(world: Any, text: str = "hello", recording: Path | None = None) -> tuple[str, str]:
    store = world.store
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    participant = await store.add_participant(contact, role="customer")
    leg = new_id()
    await store.add_leg(leg_id=leg, participant_id=participant, transport="sip", remote="sip:a@b", worker_id="w")
    await store.add_utterance(
        conversation,
        NewUtterance(
            utterance_id=new_id(),
            contact_id=contact,
            participant_id=participant,
            leg_id=leg,
            role="customer",
            t0_ms=0,
            t1_ms=900,
            text=text,
            language="en",
            confidence=0.9,
            words=[],
            ledger=[],
            at=datetime.now(UTC),
        ),
    )
    if recording is not None:
        await store.update_leg(leg, recording_path=str(recording))
    return conversation, leg


async def test_the_list_is_paged_and_searched(world: Any) -> None:
    ids = [(await call(world, f"order number {n}"))[0] for n in range(5)]
    await world.store.append(ids[0], "message", {"role": "customer", "text": "my Zebra is broken"})
    async with await world.as_user("amy") as amy:
        first = (await amy.get("/api/conversations", params={"limit": 2})).json()
        assert [row["conversation_id"] for row in first] == [ids[4], ids[3]]
        rest = await amy.get("/api/conversations", params={"limit": 200, "before": first[-1]["opened_at"]})
        assert [row["conversation_id"] for row in rest.json()] == [ids[2], ids[1], ids[0]]
        for query, found in (("NUMBER 3", [ids[3]]), ("zebra", [ids[0]]), ("%", []), ("nothing", [])):
            rows = (await amy.get("/api/conversations", params={"query": query})).json()
            assert [row["conversation_id"] for row in rows] == found, query


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 201}, {"before": "yesterday"}, {"query": "x" * 201}])
async def test_bad_paging_is_told(world: Any, params: dict[str, Any]) -> None:
    async with await world.as_user("amy") as amy:
        answer = await amy.get("/api/conversations", params=params)
    assert answer.status_code == 422
    assert next(iter(params)) in answer.json()["detail"]


async def test_a_time_without_zone_is_bad_input(world: Any) -> None:
    """Found: it was an internal error."""
    async with await world.as_user("amy") as amy:
        naive = (datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None).isoformat()
        assert (await amy.get("/api/conversations", params={"before": naive})).status_code == 422


async def test_one_conversation_whole(world: Any) -> None:
    conversation, leg = await call(world, recording=Path("/secret/place.wav"))
    async with await world.as_user("sue") as sue:
        answer = await sue.get(f"/api/conversations/{conversation}")
        assert (await sue.get("/api/conversations/nothing")).status_code == 404
    history = answer.json()
    assert [event["type"] for event in history["events"]] == ["conversation.started", "utterance.final"]
    assert history["utterances"][0]["emotion"] is None
    assert history["recordings"] == [{"leg_id": leg}]
    assert "/secret/place" not in answer.text
    assert history["conversation"]["opened_at"].endswith(("Z", "+00:00"))


async def test_recordings_come_whole_and_in_parts(world: Any, tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(range(256)) * 500)
    whole = path.read_bytes()
    conversation, leg = await call(world, recording=path)
    url = f"/api/conversations/{conversation}/recording"
    async with await world.as_user("amy") as amy:
        answer = await amy.get(url)
        assert answer.headers["content-type"] == "audio/wav"
        assert answer.headers["cache-control"] == "private, no-store"
        with wave.open(io.BytesIO(answer.content)) as file:
            assert (file.getnchannels(), file.getframerate()) == (2, 16000)
        part = await amy.get(url, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
        assert (await amy.get(url, headers={"Range": "bytes=-10"})).content == whole[-10:]
        beyond = await amy.get(url, headers={"Range": f"bytes={len(whole)}-"})
        assert beyond.status_code == 416
        assert (await amy.get(url, params={"leg": leg})).status_code == 200
        assert (await amy.get(url, params={"leg": "other"})).status_code == 404
        path.unlink()
        assert (await amy.get(url)).status_code == 404


async def test_no_recording_is_told(world: Any) -> None:
    conversation, _ = await call(world)
    async with await world.as_user("amy") as amy:
        answer = await amy.get(f"/api/conversations/{conversation}/recording")
    assert answer.status_code == 404
    assert "consent" in answer.json()["detail"]


async def test_long_conversations_come_in_pages(world: Any) -> None:
    """The timeline from its end, the history from its begin; both in the shape that the document says."""
    conversation = await world.store.create_conversation(language="en")
    contact = await world.store.add_contact(
        conversation, channel="chat", direction="inbound", initiation_method="inbound"
    )
    for number in range(8):
        await world.store.append(conversation, "decision", {"n": number}, contact_id=contact)
        said = {"role": "customer", "text": f"word {number}", "user_id": None}
        await world.store.append(conversation, "message", said, contact_id=contact)
    line, whole = f"/api/conversations/{conversation}/timeline", f"/api/conversations/{conversation}"
    async with await world.as_user("amy") as amy:
        newest = [TimelineItem.model_validate(one) for one in (await amy.get(line, params={"limit": 5})).json()]
        earlier = (await amy.get(line, params={"limit": 5, "before": newest[0].seq})).json()
        first = HistoryOut.model_validate((await amy.get(whole, params={"limit": 10})).json())
        second = HistoryOut.model_validate((await amy.get(whole, params={"after": first.next})).json())
        assert (await amy.get("/api/conversations/none/timeline")).status_code == 404
        for path, bad in (
            (line, {"limit": 1001}),
            (line, {"before": -1}),
            (whole, {"limit": 0}),
            (whole, {"after": 2**63}),
        ):
            assert (await amy.get(path, params=bad)).status_code == 422, bad
    assert [item.text for item in newest] == [f"word {n}" for n in range(3, 8)]
    assert [(item["kind"], item["text"]) for item in earlier] == [
        ("contact", ""), *(("message", f"word {n}") for n in range(3))
    ]  # fmt: skip
    assert len(first.events) == 10 and first.next == first.events[-1]["seq"] and second.next is None
    assert [event["type"] for event in (*first.events, *second.events)] == [
        "conversation.started", *["decision", "message"] * 8
    ]  # fmt: skip
