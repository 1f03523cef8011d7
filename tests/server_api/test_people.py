"""Admins manage people."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from structlog.testing import capture_logs

from server.auth import sip_ha1
from session.users import Users

NEW = {"name": "bob", "password": "a good long one", "roles": ["agent"]}


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")),
        DBAPIError("SELECT", {}, Exception("connection was closed in the middle of operation")),
        ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5432)"),
        ConnectionResetError(104, "Connection reset by peer"),
        socket.gaierror(-3, "Temporary failure in name resolution"),
    ],
)
async def test_a_database_that_is_full_or_away_is_told_as_such_in_one_line(
    world: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fails(_users: Users) -> None:
        raise error

    async with await world.as_user("root") as root:
        monkeypatch.setattr(Users, "all", fails)
        with capture_logs() as logs:
            answer = await root.get("/api/users")
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert answer.json()["detail"].startswith("the database cannot be written or reached just now")
    (line,) = [one for one in logs if one["event"] == "api.no_database"]
    assert line["error"] == str(getattr(error, "orig", error)) and "exc_info" not in line


async def test_what_the_database_refuses_is_our_fault_and_not_that_it_is_away(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_users: Users) -> None:
        raise IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))

    async with await world.as_user("root") as root:
        monkeypatch.setattr(Users, "all", fails)
        answer = await root.get("/api/users")
    assert answer.status_code == 500 and "Retry-After" not in answer.headers


async def test_a_softphones_password_is_shown_once_and_kept_as_digest(world: Any) -> None:
    async with await world.as_user("root") as root:
        made = await root.post("/api/users", json=NEW | {"device": "sip", "skills": ["zh"]})
        assert made.status_code == 201
        secret = made.json()["sip_secret"]
        assert len(secret) >= 20
        assert await world.users.softphones() == {"bob": sip_ha1("bob", "warm.test", secret)}
        listed = await root.get("/api/users")
        assert secret not in listed.text
        assert "argon2" not in listed.text
        bob = made.json()["id"]
        again = (await root.patch(f"/api/users/{bob}", json={"new_sip_secret": True})).json()["sip_secret"]
        assert again != secret
        assert await world.users.softphones() == {"bob": sip_ha1("bob", "warm.test", again)}
        untouched = (await root.patch(f"/api/users/{bob}", json={"skills": ["en"]})).json()
        assert (untouched["sip_secret"], untouched["skills"]) == (None, [{"skill": "en", "level": 3}])
        assert await world.users.softphones() == {"bob": sip_ha1("bob", "warm.test", again)}
    assert world.control.asked == [("users_changed",)] * 3


async def test_changing_somebody(world: Any) -> None:
    sue = world.ids["sue"]
    token = await world.token("sue")
    async with await world.as_user("root") as root:
        changed = await root.patch(
            f"/api/users/{sue}",
            json={"display_name": "Sue B.", "roles": ["supervisor", "agent"], "device": "uri", "uri": "sip:sue@pbx"},
        )
        assert changed.json() | {"id": ""} == {
            "id": "",
            "name": "sue",
            "display_name": "Sue B.",
            "roles": ["supervisor", "agent"],
            "locale": "",
            "device": "uri",
            "uri": "sip:sue@pbx",
            "skills": [],
            "queues": [],
            "capacity": {"voice": 1, "chat": 2},
            "disabled": False,
            "sip_secret": None,
        }
        assert (await root.patch(f"/api/users/{sue}", json={"password": "another long one"})).status_code == 200
        async with world.client(headers={"Authorization": f"Bearer {token}"}) as old:
            assert (await old.get("/api/me")).status_code == 401
        assert (await root.patch(f"/api/users/{sue}", json={"disabled": True})).json()["disabled"] is True
        body = {"name": "sue", "password": "another long one"}
        async with world.client() as client:
            assert (await client.post("/api/login", json=body)).status_code == 401
            assert (await root.patch(f"/api/users/{sue}", json={"disabled": False})).status_code == 200
            assert (await client.post("/api/login", json=body)).status_code == 200
        assert (await root.delete(f"/api/users/{sue}")).status_code == 204
        assert (await world.users.get(sue)).disabled


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (NEW | {"name": "amy"}, 409, "amy"),
        (NEW | {"name": "Bob Smith"}, 422, "name"),
        (NEW | {"name": 'x" <sip:'}, 422, "name"),
        (NEW | {"password": "short"}, 422, "password"),
        (NEW | {"roles": ["emperor"]}, 422, "roles"),
        (NEW | {"device": "uri", "uri": "https://x"}, 422, "uri"),
        (NEW | {"device": "fax"}, 422, "device"),
    ],
)
async def test_a_bad_person_is_told_where(world: Any, body: dict[str, Any], status: int, named: str) -> None:
    async with await world.as_user("root") as root:
        answer = await root.post("/api/users", json=body)
    assert answer.status_code == status
    assert named in answer.json()["detail"]
    assert len(await world.users.all()) == 4


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"password": "short"}, 422),
        ({"device": "uri"}, 422),
        ({"new_sip_secret": True}, 422),
        ({"colour": "red"}, 422),
        ({"skills": ["x"]}, 422),
        ({"queues": ["support"]}, 422),
        ({"device": "browser", "skills": [{"skill": "zh", "level": 6}]}, 422),
    ],
)
async def test_a_bad_change_changes_nothing(world: Any, body: dict[str, Any], status: int) -> None:
    before = await world.users.get(world.ids["sue"])
    async with await world.as_user("root") as root:
        answer = await root.patch(f"/api/users/{before.user_id}", json={"display_name": "new"} | body)
    assert answer.status_code == status
    assert await world.users.get(before.user_id) == before


async def test_an_agent_gets_no_queue_that_is_not_there(world: Any) -> None:
    """It would be served by nobody, and nobody would see why."""
    agent = NEW | {"device": "browser"}
    async with await world.as_user("root") as root:
        none = await root.post("/api/users", json=agent | {"queues": ["suport"]})
        assert (none.status_code, none.json()["detail"]) == (422, "queues: there is no queue 'suport'; there are none")
        for queue in ("support", "night"):
            assert (await root.post("/api/queues", json={"queue": queue})).status_code == 201
        told = "queues: there is no queue 'suport'; there are night, support"
        refused = await root.post("/api/users", json=agent | {"queues": ["night", "suport"]})
        assert (refused.status_code, refused.json()["detail"]) == (422, told)
        made = await root.post("/api/users", json=agent | {"queues": ["night"]})
        assert (made.status_code, made.json()["queues"]) == (201, ["night"])
        bob = f"/api/users/{made.json()['id']}"
        refused = await root.patch(bob, json={"queues": ["suport"], "display_name": "new"})
        assert (refused.status_code, refused.json()["detail"]) == (422, told)
        await world.users.set_agent(made.json()["id"], device="browser", queues=["of_before"])
        kept = await root.patch(bob, json={"queues": ["of_before", "support"]})  # what they had is no reason to refuse
        assert (kept.json()["queues"], kept.json()["display_name"]) == (["of_before", "support"], "bob")


async def test_an_admin_cannot_shut_out_themselves(world: Any) -> None:
    root_id = world.ids["root"]
    async with await world.as_user("root") as root:
        assert (await root.delete(f"/api/users/{root_id}")).status_code == 409
        for body in ({"disabled": True}, {"roles": ["agent"]}):
            assert (await root.patch(f"/api/users/{root_id}", json=body)).status_code == 409
        assert (await root.delete("/api/users/nobody")).status_code == 404
        assert (await root.patch("/api/users/nobody", json={})).status_code == 404


async def test_two_admins_adding_the_same_name_at_once(world: Any) -> None:
    """Found: the check and the insert were two steps, and the loser saw an internal error."""
    async with await world.as_user("root") as root:
        answers = await asyncio.gather(*(root.post("/api/users", json=NEW) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
