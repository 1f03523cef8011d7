"""The agent's side and the supervisor's: what is asked reaches live calls, and what they refuse is told."""

from __future__ import annotations

from typing import Any

import pytest

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
BOB = {"kind": "agent", "to": " bob ", "note": "about a refund"}
K = "/api/agent/contacts/k1"
S = "/api/supervise/contacts/k1"


async def test_what_an_agent_does(world: Any) -> None:
    from server.api.views import Target

    me, bob = world.ids["amy"], Target("agent", "bob", "about a refund")
    async with await world.as_user("amy") as amy:
        state = (await amy.get("/api/agent")).json()
        assert state["offers"][0]["facts"] == {"order": "42"}
        answer = await amy.put("/api/agent/availability", json={"availability": "break", "reason": "tea"})
        assert answer.json()["status"] == "offered"
        await amy.put("/api/agent/device", json={"device": "uri", "uri": "sip:a@b"})
        taken = await amy.post("/api/agent/offers/offer-1/accept", json={"sdp": SDP})
        assert taken.json() == {"sdp": "agent-answer", "leg_id": "leg-2", "contact_id": "k1", "conversation_id": "c1"}
        assert (await amy.post(f"{K}/rejoin", json={"sdp": SDP})).json() == {"sdp": "again", "leg_id": "leg-4"}
        assert (await amy.post(f"{K}/consult", json={"target": BOB})).json()["party_id"] == "p1"
        assert (await amy.post(f"{K}/park")).json() == {"code": "701"}
        for path, body in (
            ("/api/agent/offers/o/decline", None),
            (f"{K}/hold", {"on": True, "party_id": "p2"}),
            (f"{K}/mute", {"on": False}),
            (f"{K}/keypad", {"digits": "12#", "party_id": "p2"}),
            (f"{K}/record", {"on": False}),
            (f"{K}/consult/swap", None),
            (f"{K}/transfer", {"target": BOB | {"note": ""}, "note": "about a refund"}),
            (f"{K}/hangup", None),
            (f"{K}/acw/extend", {"seconds": 30}),
            (f"{K}/wrapup", {"disposition": "solved", "notes": "n"}),
        ):
            assert (await amy.post(path, json=body)).status_code == 204, path
        assert (await amy.delete(f"{K}/parties/p2")).status_code == 204
        assert (await amy.get("/api/agent/parked")).json()[0]["code"] == "701"
        assert (await amy.get("/api/directory?q=bo")).json()[0]["detail"] == "bo"
    assert world.control.asked == [
        ("set_availability", me, "break", "tea", me),
        ("set_device", me, "uri", "sip:a@b"),
        ("accept", me, "offer-1", SDP),
        ("rejoin", me, "k1", SDP),
        ("consult", me, "k1", bob),
        ("park", me, "k1"),
        ("decline", me, "o"),
        ("hold", me, "k1", True, "p2"),
        ("mute", me, "k1", False),
        ("keypad", me, "k1", "p2", "12#"),
        ("record", me, "k1", False),
        ("consult_step", me, "k1", "swap"),
        ("transfer", me, "k1", bob),
        ("hang_up", me, "k1"),
        ("extend_acw", me, "k1", 30.0),
        ("wrap_up", me, "k1", "solved", "n", None, None),
        ("drop", me, "k1", "p2"),
    ]


async def test_what_a_supervisor_does_and_an_agent_may_not(world: Any) -> None:
    me = world.ids["sue"]
    asks = [
        ("POST", f"{S}/join", {"mode": "monitor", "sdp": SDP}, 200),
        ("PUT", f"{S}/mode", {"mode": "barge"}, 204),
        ("POST", f"{S}/takeover", None, 204),
        ("POST", f"{S}/leave", None, 204),
        ("POST", f"{S}/priority", {"priority": 90}, 204),
        ("POST", f"{S}/reassign", {"target": BOB}, 204),
        ("POST", "/api/supervise/agents/u1/state", {"availability": "break"}, 204),
        ("POST", "/api/supervise/broadcast", {"text": "all hands"}, 204),
        ("GET", "/api/supervise/board", None, 200),
    ]
    for name in ("amy", "dee"):
        async with await world.as_user(name) as other:
            for method, path, body, _ in asks:
                assert (await other.request(method, path, json=body)).status_code == 403, path
    assert world.control.asked == []
    async with await world.as_user("sue") as sue:
        for method, path, body, status in asks:
            assert (await sue.request(method, path, json=body)).status_code == status, path
    assert [asked[0] for asked in world.control.asked] == [
        "join", "mode", "take_over", "leave", "priority", "reassign", "set_availability", "broadcast",
    ]  # fmt: skip
    assert world.control.asked[6] == ("set_availability", "u1", "break", "", me)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{K}/keypad", {"digits": "12x", "party_id": "p"}),
        (f"{K}/keypad", {"digits": "", "party_id": "p"}),
        (f"{K}/consult", {"target": {"kind": "moon", "to": "x"}}),
        (f"{K}/consult", {"target": {"kind": "agent", "to": ""}}),
        (f"{K}/consult/split", None),
        (f"{K}/acw/extend", {"seconds": -1}),
        ("/api/agent/offers/o/accept", {"sdp": "x"}),
    ],
)
async def test_what_makes_no_sense_is_refused(world: Any, path: str, body: Any) -> None:
    async with await world.as_user("amy") as amy:
        assert (await amy.post(path, json=body)).status_code == 422
        assert (await amy.put("/api/agent/availability", json={"availability": "asleep"})).status_code == 422
    assert world.control.asked == []


async def test_what_does_not_fit_the_state_is_told(world: Any) -> None:
    for refusal, status in ((world.NotNow("this offer is over"), 409), (world.Turned("full", 7), 503)):
        world.control.refusal = refusal
        async with await world.as_user("amy") as amy:
            for path, body in (("/api/agent/offers/o/accept", {"sdp": SDP}), (f"{K}/hold", {"on": True})):
                answer = await amy.post(path, json=body)
                assert (answer.status_code, answer.json()["detail"]) == (status, str(refusal))
