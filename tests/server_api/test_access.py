"""Who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from server.api import access

PUBLIC = {
    ("POST", "/api/login"),
    ("POST", "/api/logout"),
    ("POST", "/api/offer"),
    ("POST", "/api/chat"),
    ("GET", "/api/ice"),
    ("GET", "/api/health"),
}
# What a caller may ask for, but not so: a file is missing, or there is no such thing.
NOT_WHOLE = {
    ("POST", "/api/conversations/{conversation_id}/visuals"): 422,
    ("POST", "/api/conversations/{conversation_id}/attachments"): 422,
    ("GET", "/api/conversations/{conversation_id}/attachments/{attachment_id}"): 404,
    ("GET", "/api/conversations/{conversation_id}/timeline"): 404,
    ("PUT", "/api/conversations/{conversation_id}/pace"): 422,
}
# Bodies that pass validation, so that what refuses is the missing token and nothing else.
BODIES: dict[str, dict[str, Any]] = {
    "/api/conversations/{conversation_id}/messages": {"text": "hello"},
    "/api/conversations/{conversation_id}/dtmf": {"digit": "1"},
    "/api/agent/availability": {"availability": "available"},
    "/api/agent/device": {"device": "browser"},
    "/api/agent/contacts/{contact_id}/rejoin": {"sdp": "v=0 and so on"},
    "/api/agent/contacts/{contact_id}/hold": {"on": True},
    "/api/agent/contacts/{contact_id}/mute": {"on": True},
    "/api/agent/contacts/{contact_id}/record": {"on": True},
    "/api/agent/contacts/{contact_id}/keypad": {"digits": "1", "party_id": "p"},
    "/api/agent/contacts/{contact_id}/consult": {"target": {"kind": "agent", "to": "bob"}},
    "/api/agent/contacts/{contact_id}/transfer": {"target": {"kind": "agent", "to": "bob"}},
    "/api/agent/contacts/{contact_id}/acw/extend": {"seconds": 30},
    "/api/agent/contacts/{contact_id}/wrapup": {"disposition": "solved"},
    "/api/supervise/contacts/{contact_id}/join": {"mode": "monitor"},
    "/api/supervise/contacts/{contact_id}/mode": {"mode": "barge"},
    "/api/supervise/contacts/{contact_id}/reassign": {"target": {"kind": "agent", "to": "bob"}},
    "/api/supervise/contacts/{contact_id}/priority": {"priority": 70},
    "/api/supervise/agents/{user_id}/state": {"availability": "break"},
    "/api/supervise/broadcast": {"text": "hello"},
    "/api/users": {"name": "eve", "password": "long enough to pass"},
    "/api/users/{user_id}": {"disabled": True},
}


def routes(world: Any) -> list[tuple[str, str]]:
    found = [
        (method.upper(), path)
        for path, methods in world.app.openapi()["paths"].items()
        for method in methods
        if (method.upper(), path) not in PUBLIC
    ]
    assert len(found) >= 18
    return found


def url(path: str) -> str:
    return path.replace("{conversation_id}", "c1").replace("{user_id}", "u1").replace("{purpose}", "emotion")


async def test_every_route_that_is_not_public_refuses_strangers(world: Any) -> None:
    async with world.client() as client:
        for method, path in routes(world):
            answer = await client.request(method, url(path), json=BODIES.get(path))
            assert answer.status_code == 401, (method, path, answer.text)
    assert world.control.asked == []


@pytest.mark.parametrize("token", ["", "nonsense", "W10.x.y"])
async def test_a_wrong_token_is_no_token(world: Any, token: str) -> None:
    async with world.client(headers={"Authorization": f"Bearer {token}"}) as client:
        for method, path in routes(world):
            answer = await client.request(method, url(path), json=BODIES.get(path))
            assert answer.status_code == 401, (method, path)


async def test_a_caller_may_take_part_in_their_own_conversation_only(world: Any) -> None:
    allowed = {
        ("POST", "/api/conversations/{conversation_id}/messages"),
        ("POST", "/api/conversations/{conversation_id}/dtmf"),
        ("POST", "/api/conversations/{conversation_id}/hangup"),
        ("DELETE", "/api/conversations/{conversation_id}/consents/{purpose}"),
    }
    async with world.as_caller("c1") as own, world.as_caller("other") as other:
        for method, path in routes(world):
            answer = await own.request(method, url(path), json=BODIES.get(path))
            status = 204 if (method, path) in allowed else NOT_WHOLE.get((method, path), 401)
            assert answer.status_code == status, (method, path)
            answer = await other.request(method, url(path), json=BODIES.get(path))
            assert answer.status_code == 401, (method, path)
    assert world.control.asked == [
        ("message", "c1", "hello", "customer", None),
        ("key", "c1", "1"),
        ("hangup", "c1"),
        ("withdraw", "c1", "emotion", "caller"),
    ]


async def test_a_token_serves_for_what_it_was_made_for(world: Any) -> None:
    """A conversation's token is no login, a login is no conversation's token."""
    auth = world.app.state.auth
    with pytest.raises(Exception, match="log in again"):
        await auth.user(auth.caller_token(world.ids["root"]))
    with pytest.raises(Exception, match="over"):
        auth.caller(await world.token("root"))


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("dee", "/api/conversations", 403),
        ("dee", "/api/agent", 403),
        ("dee", "/api/me", 200),
        ("amy", "/api/conversations", 200),
        ("amy", "/api/agent", 200),
        ("amy", "/api/users", 403),
        ("sue", "/api/conversations", 200),
        ("sue", "/api/agent", 403),
        ("sue", "/api/users", 403),
        ("root", "/api/users", 200),
    ],
)
async def test_roles(world: Any, name: str, path: str, status: int) -> None:
    async with await world.as_user(name) as client:
        assert (await client.get(path)).status_code == status


async def test_the_cookie_is_of_no_use_to_other_sites(world: Any) -> None:
    async with world.client() as client:
        answer = await client.post("/api/login", json={"name": "amy", "password": world.password})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        for origin, status in (
            ("http://evil.test", 403),
            ("http://warm.test.evil.test", 403),
            ("null", 403),
            ("http://warm.test", 204),
        ):
            answer = await client.post("/api/agent/contacts/k1/hold", json={"on": True}, headers={"Origin": origin})
            assert answer.status_code == status, origin
        assert (await client.get("/api/me", headers={"Origin": "http://evil.test"})).headers.get(
            "access-control-allow-origin"
        ) is None
        # Nor may another site log somebody in or out.
        evil = {"Origin": "http://evil.test"}
        assert (await client.post("/api/logout", headers=evil)).status_code == 403
        body = {"name": "amy", "password": world.password}
        assert (await client.post("/api/login", json=body, headers=evil)).status_code == 403
    assert [asked[0] for asked in world.control.asked] == ["hold"]


async def test_cookies_stay_off_plain_http_when_told_so(world: Any) -> None:
    world.app.state.secure_cookies = True
    async with world.client() as client:
        answer = await client.post("/api/login", json={"name": "amy", "password": world.password})
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


async def test_logging_out_forgets_the_cookie(world: Any) -> None:
    async with world.client() as client:
        await client.post("/api/login", json={"name": "amy", "password": world.password})
        assert (await client.get("/api/me")).json()["name"] == "amy"
        await client.post("/api/logout")
        assert (await client.get("/api/me")).status_code == 401


async def test_a_new_password_and_shutting_out_end_tokens_at_once(world: Any) -> None:
    async with await world.as_user("amy") as amy:
        await world.users.set_password(world.ids["amy"], "other")
        assert (await amy.get("/api/me")).status_code == 401
    async with await world.as_user("sue") as sue:
        await world.users.set_disabled(world.ids["sue"], True)
        assert (await sue.get("/api/me")).status_code == 401


async def test_a_bearer_token_wins_over_the_cookie(world: Any) -> None:
    async with world.client() as client:
        await client.post("/api/login", json={"name": "amy", "password": world.password})
        answer = await client.get("/api/me", headers={"Authorization": "Bearer nonsense"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_requests_are_counted_per_subscriber(host: str, key: str) -> None:
    connection = access.HTTPConnection({"type": "http", "headers": [], "client": (host, 1)})
    assert access.address_of(connection) == key


async def test_an_agent_cannot_end_the_call_of_another(world: Any) -> None:
    """The caller can, and a supervisor."""
    conversation = await world.store.create_conversation(language="en")
    path = f"/api/conversations/{conversation}/hangup"
    for name, status in (("amy", 403), ("sue", 204)):
        async with await world.as_user(name) as client:
            assert (await client.post(path)).status_code == status, name
    async with world.as_caller(conversation) as caller:
        assert (await caller.post(path)).status_code == 204
    assert world.control.asked == [("hangup", conversation)] * 2
