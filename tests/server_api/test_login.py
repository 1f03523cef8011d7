"""Passwords, keys and throttles."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from server import auth
from server.auth import Auth, KeyFileError, Refused, TooManyTries, hash_password, signing_key, sip_ha1
from server.throttle import Throttle


async def test_wrong_name_and_wrong_password_cannot_be_told_apart(world: Any) -> None:
    async with world.client() as client:
        answers = [
            await client.post("/api/login", json={"name": name, "password": "wrong password"})
            for name in ("amy", "nobody")
        ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


async def test_a_shut_out_user_cannot_log_in(world: Any) -> None:
    await world.users.set_disabled(world.ids["amy"], True)
    async with world.client() as client:
        answer = await client.post("/api/login", json={"name": "amy", "password": world.password})
    assert answer.status_code == 401


async def test_guessing_a_password_is_stopped(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Auth, "_verify", lambda self, stored, password: password == world.password)
    for n in range(auth.NAME_TRIES):
        async with world.client(f"203.0.113.{n}") as client:
            answer = await client.post("/api/login", json={"name": "amy", "password": f"guess {n}"})
            assert answer.status_code == 401
    async with world.client("203.0.113.99") as client:
        answer = await client.post("/api/login", json={"name": "amy", "password": world.password})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= auth.LOGIN_WINDOW_S
        other = await client.post("/api/login", json={"name": "sue", "password": world.password})
        assert other.status_code == 200


async def test_an_address_that_guesses_is_stopped_and_shuts_nobody_else_out(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Auth, "_verify", lambda self, stored, password: password == world.password)
    login = world.app.state.auth.login
    for n in range(auth.ADDRESS_TRIES):
        with pytest.raises(Refused, match="wrong name"):
            await login(f"name{n}", "x", "203.0.113.5")
    for _ in range(20):
        with pytest.raises(TooManyTries):
            await login("amy", "x", "203.0.113.5")
    user, _ = await login("amy", world.password, "203.0.113.6")
    assert user.name == "amy"


async def test_an_office_behind_one_address_may_log_in(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found: successful logins were counted against the address, so the ninth agent of an office was refused."""
    monkeypatch.setattr(Auth, "_verify", lambda self, stored, password: password == world.password)
    for _ in range(auth.ADDRESS_TRIES + 5):
        user, _ = await world.app.state.auth.login("amy", world.password, "203.0.113.5")
        assert user.name == "amy"


def test_a_throttle_opens_again_and_cannot_be_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found: ten thousand made-up names emptied the whole table, and guessing could begin anew."""
    monkeypatch.setattr("server.throttle.MAX_KEYS", 3)
    now = 0.0
    throttle = Throttle(2, 60.0, lambda: now)
    assert [throttle.take("a"), throttle.take("a"), throttle.take("a")] == [0.0, 0.0, 60.0]
    now = 20.0
    for name in ("b", "c"):
        assert throttle.take(name) == 0.0
    assert throttle.take("a") == 40.0
    assert throttle.take("d") == 0.0
    assert throttle.take("a") == 40.0
    now = 60.0
    assert throttle.take("a") == 0.0
    throttle.give_back("a")
    assert [throttle.take("a"), throttle.take("a")] == [0.0, 0.0]
    assert throttle.take("a") > 0
    throttle.forget("a")
    assert throttle.take("a") == 0.0


def test_the_signing_key_is_the_owners_and_stays(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "new")
    assert len(key) == 64
    assert signing_key(tmp_path / "new") == key
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["secret.key"]


@pytest.mark.parametrize("content", ["", "short"])
def test_half_a_key_is_refused(tmp_path: Path, content: str) -> None:
    """Found: an empty file (a crash at first start) would have signed everything with an empty key."""
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(KeyFileError, match=r"secret\.key"):
        signing_key(tmp_path)


async def test_a_login_ends_after_its_hours(world: Any) -> None:
    expired = Auth(world.users, "k" * 64, session_hours=-1)
    with pytest.raises(Refused):
        await expired.user(await world.token("amy"))


async def test_tokens_of_another_key_are_nothing(world: Any) -> None:
    other = Auth(world.users, "x" * 64, session_hours=1)
    with pytest.raises(Refused):
        await other.user(await world.token("amy"))
    with pytest.raises(Refused):
        other.caller(world.app.state.auth.caller_token("c1"))


def test_passwords_are_argon2_and_not_short() -> None:
    assert hash_password("long enough, this").startswith("$argon2id$")
    with pytest.raises(ValueError, match="10"):
        hash_password("short")


def test_sip_digest_is_that_of_rfc_2617() -> None:
    # RFC 2617 §3.5: Mufasa, testrealm@host.com, Circle Of Life
    assert sip_ha1("Mufasa", "testrealm@host.com", "Circle Of Life") == "939e7578ed9e3c518a452acee763bce9"
