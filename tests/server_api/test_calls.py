"""The caller's side and the agent's."""

from __future__ import annotations

import time
from typing import Any

import pytest

from server.api.ports import NotNow

OFFER = {"sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n", "type": "offer", "locale": "de-DE", "video": False}


async def test_anybody_may_call_and_come_back_to_their_conversation(world: Any) -> None:
    async with world.client() as client:
        first = await client.post("/api/offer", json=OFFER)
        assert first.status_code == 200
        call = first.json()
        assert (call["sdp"], call["type"], call["leg_id"]) == ("answer-sdp", "answer", "leg-1")
        again = OFFER | {"conversation": call["conversation_id"]}
        assert (await client.post("/api/offer", json=again)).status_code == 401
        own = {"Authorization": f"Bearer {call['token']}"}
        back = await client.post("/api/offer", json=again, headers=own)
        assert back.json()["conversation_id"] == call["conversation_id"]
        written = await client.post(
            f"/api/conversations/{call['conversation_id']}/messages", json={"text": "hi"}, headers=own
        )
        assert written.status_code == 204
    assert world.control.asked[0] == ("offer", None, "de-DE")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sdp": ""}, "sdp"),
        ({"sdp": 5}, "sdp"),
        ({"sdp": "x" * 100_001}, "sdp"),
        ({"type": "answer"}, "type"),
        ({"locale": "x" * 99}, "locale"),
        ({"video": "maybe"}, "video"),
    ],
)
async def test_a_bad_offer_is_told_where_and_never_echoed(world: Any, change: dict[str, Any], named: str) -> None:
    async with world.client() as client:
        answer = await client.post("/api/offer", json=OFFER | change)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{named}: ")
    assert "xxx" not in answer.text
    assert world.control.asked == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
async def test_a_body_that_is_no_json_object_is_refused(world: Any, body: bytes) -> None:
    async with world.client() as client:
        answer = await client.post("/api/offer", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)


async def test_full_and_draining_say_when_to_try_again(world: Any) -> None:
    world.control.refusal = world.Turned("all lines are busy", 7)
    async with world.client() as client:
        answer = await client.post("/api/offer", json=OFFER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert answer.json()["detail"] == "all lines are busy"


@pytest.mark.parametrize(("refusal", "status"), [(LookupError("no flow"), 404), (ValueError("no audio"), 422)])
async def test_what_the_controller_says_of_an_offer(world: Any, refusal: Exception, status: int) -> None:
    world.control.refusal = refusal
    async with world.client() as client:
        answer = await client.post("/api/offer", json=OFFER)
    assert answer.status_code == status
    assert str(refusal) in answer.json()["detail"]


async def test_one_address_cannot_take_all_lines(world: Any) -> None:
    async with world.client("203.0.113.1") as client:
        statuses = [(await client.post("/api/offer", json=OFFER)).status_code for _ in range(4)]
        answer = await client.post("/api/offer", json=OFFER)
    assert statuses == [200, 200, 200, 429]
    assert 0 < int(answer.headers["retry-after"]) <= 60
    async with world.client("203.0.113.2") as client:
        assert (await client.post("/api/offer", json=OFFER)).status_code == 200


async def test_a_caller_cannot_flood_the_chat(world: Any) -> None:
    async with world.as_caller("c1") as own, world.as_caller("c2") as other:
        statuses = [
            (await own.post("/api/conversations/c1/messages", json={"text": str(n)})).status_code for n in range(32)
        ]
        assert statuses == [204] * 30 + [429] * 2
        assert (await other.post("/api/conversations/c2/messages", json={"text": "x"})).status_code == 204


@pytest.mark.parametrize("digit", ["", "12", "A", "１", "\n"])
async def test_only_keys_are_keys(world: Any, digit: str) -> None:
    async with world.as_caller("c1") as own:
        answer = await own.post("/api/conversations/c1/dtmf", json={"digit": digit})
    assert answer.status_code == 422


async def test_the_caller_chooses_the_assistants_pace(world: Any) -> None:
    async with world.as_caller("c1") as own, world.client() as stranger:
        assert (await own.post("/api/offer", json=OFFER | {"slow": True})).status_code == 200
        assert (await own.put("/api/conversations/c1/pace", json={"slow": False})).status_code == 204
        assert (await stranger.put("/api/conversations/c1/pace", json={"slow": True})).status_code == 401
    assert world.control.asked == [("offer", None, "de-DE", "slow"), ("pace", "c1", False)]


async def test_a_call_that_is_over_is_not_taken_up(world: Any) -> None:
    world.control.refusal = NotNow("the call is over")
    async with world.as_caller("c1") as own:
        answer = await own.post("/api/offer", json=OFFER | {"conversation": "c1", "resume": True})
    assert answer.status_code == 409


async def test_agents_write_as_agents_and_press_no_keys(world: Any) -> None:
    async with await world.as_user("amy") as amy:
        assert (await amy.post("/api/conversations/c1/messages", json={"text": "x"})).status_code == 204
        assert (await amy.post("/api/conversations/c1/dtmf", json={"digit": "1"})).status_code == 403
    assert world.control.asked == [("message", "c1", "x", "agent", world.ids["amy"])]


async def test_turn_passwords_are_short_lived(world: Any) -> None:
    media = world.app.state.media
    world.app.state.media = media.model_copy(
        update={"stun_url": "stun:s.test", "turn_url": "turn:t.test", "turn_secret": "shared"}
    )
    async with world.client() as client:
        servers = (await client.get("/api/ice")).json()["ice_servers"]
    assert [server["urls"] for server in servers] == ["stun:s.test", "turn:t.test"]
    expiry, name = servers[1]["username"].split(":")
    assert 0 < int(expiry) - time.time() <= 24 * 3600 and name
    assert servers[1]["credential"] and "shared" not in str(servers)


async def test_consent_is_taken_back_by_its_caller_and_by_staff(world: Any) -> None:
    call = await world.store.create_conversation(language="en")
    other = await world.store.create_conversation(language="en")
    path = f"/api/conversations/{call}/consents"
    mine = {"Authorization": f"Bearer {world.app.state.auth.caller_token(call)}"}
    theirs = {"Authorization": f"Bearer {world.app.state.auth.caller_token(other)}"}
    async with world.client() as http:
        assert (await http.delete(f"{path}/emotion", headers=mine)).status_code == 204
        assert (await http.delete(f"{path}/emotion", headers=theirs)).status_code == 401
        assert (await http.delete(f"{path}/emotion")).status_code == 401
        assert (await http.delete(f"{path}/recording", headers=mine)).status_code == 422
    async with await world.as_user("amy") as amy:
        assert (await amy.delete(f"{path}/emotion_history")).status_code == 204
    assert world.control.asked == [
        ("withdraw", call, "emotion", "caller"), ("withdraw", call, "emotion_history", "agent")
    ]  # fmt: skip
