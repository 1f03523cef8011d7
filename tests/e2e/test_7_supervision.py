"""A supervisor beside the bot, and with its caller from there on; a parked customer taken by dialling: heard on other vendors' phones."""

from __future__ import annotations

import shutil
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.phones import baresip, play
from tests.e2e.sound import spells, tone
from tests.e2e.waiting import asked, happens, until
from tests.e2e.world import KIM, KIM_PIN, Instance

pytestmark = [
    pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed"),
    pytest.mark.slow,
]
CALLER, FAY, GUS, EVE, SECRET = 1100, 700, 500, 1700, 900  # none of them is held in the music
SECOND = 16_000  # bytes of a recording


class Staff:
    """Who asks what of one contact, and what became of it."""

    def __init__(self, instance: Instance, conversation: str) -> None:
        self._instance, self._conversation = instance, conversation
        self.contact = instance.history(conversation)["contacts"][0]["id"]

    def supervises(self, token: str, path: str, mode: str = "", status: int = 204) -> None:
        body = {"mode": mode} if mode else None
        self._order(
            "PUT" if path == "mode" else "POST", f"/api/supervise/contacts/{self.contact}/{path}", token, body, status
        )

    def serves(self, token: str, path: str, status: int = 204) -> Any:
        return self._order("POST", f"/api/agent/contacts/{self.contact}/{path}", token, None, status)

    def _order(self, method: str, path: str, token: str, body: object, status: int) -> Any:
        done = self._instance.ask(method, path, token, json=body)
        assert done.status_code == status, (path, done.text, self._instance.story(self._conversation))
        return done.json() if done.content else None


def newest(folder: Path, known: set[Path]) -> Path:
    """The recording of the call that this phone is in now."""
    return until("the phone is in a call", lambda: next(iter(set(folder.glob("*-dec.wav")) - known), None))


def goes_on(recording: Path, seconds: int) -> None:
    """For as much sound as this has arrived at that phone."""
    size = recording.stat().st_size
    until("it is heard", lambda: recording.stat().st_size > size + seconds * SECOND)


def whole(recording: Path, hz: int) -> float:
    """From the first to the last that is heard of a tone, in s."""
    found = spells(recording, hz)
    return found[-1][1] - found[0][0] if found else 0.0


def test_supervised_from_the_bot_to_a_pick_up(instance: Instance, tmp_path: Path) -> None:
    """Eve listens to the bot, talks beside it, takes over; in the next call she stays with the caller, but for the PIN, until Gus has them."""
    people = {name: instance.agent(name) for name in ("fay", "gus", "eve")}
    (fay, fay_secret), (gus, gus_secret), (eve, eve_secret) = people.values()
    users = {one["name"]: one["id"] for one in instance.ask("GET", "/api/users").json()}
    made = instance.ask("PATCH", f"/api/users/{users['eve']}", json={"roles": ["agent", "supervisor"]})
    assert made.status_code == 200, made.text
    sound = {"play": str(tone(tmp_path / "caller.wav", CALLER, 240))}
    with (
        baresip(instance.sip, tmp_path / "eve", "eve", eve_secret, EVE) as with_eve,
        baresip(instance.sip, tmp_path / "fay", "fay", fay_secret, FAY) as with_fay,
    ):
        go = threading.Event()
        caller, conversation = instance.call(asked("consent"), {"dtmf": "2"}, asked("ask"), go, sound)
        instance.wait(conversation, "bot.said", 60, block="ask", outcome="done")
        staff = Staff(instance, conversation)
        staff.supervises(eve, "join", "monitor", 200)
        instance.wait(conversation, "supervise.joined", 20, mode="monitor")
        beside_bot = newest(with_eve, set())
        go.set()
        until("she hears the caller", lambda: spells(beside_bot, CALLER))
        goes_on(beside_bot, 4)
        staff.supervises(eve, "mode", "whisper", 409)
        staff.supervises(eve, "mode", "barge")
        goes_on(beside_bot, 4)
        staff.supervises(eve, "takeover")
        assert instance.wait(conversation, "supervise.takeover", 20)["from"] == "bot"
        goes_on(beside_bot, 3)
        staff.serves(eve, "hangup")
        instance.ended(conversation)
        caller.report(20)
        taken_over = caller.folder / "heard.wav"

        go = threading.Event()
        pin = {"play": str(tone(tmp_path / "pin.wav", SECRET, 3))}
        caller, conversation = instance.call(
            asked("consent"), {"dtmf": "2"}, asked("ask"), go, play("en-order"), asked("who_order"), pin, {"dtmf": KIM_PIN},
            asked("more"), {"dtmf": "0"}, happens("queue.accepted"), sound, who=KIM,
        )  # fmt: skip
        instance.wait(conversation, "bot.said", 60, block="ask", outcome="done")
        staff = Staff(instance, conversation)
        staff.supervises(eve, "join", "monitor", 200)
        instance.wait(conversation, "supervise.joined", 20)
        at_eve = newest(with_eve, {beside_bot})
        go.set()
        assert instance.wait(conversation, "verify", 60)["result"] == "passed"
        instance.wait(conversation, "supervise.followed", 20, phase="queued")
        instance.available(fay)
        instance.wait(conversation, "supervise.followed", 30, phase="talking", agent=users["fay"], mode="monitor")
        at_fay = newest(with_fay, set())
        until("she hears the caller", lambda: spells(at_eve, CALLER))
        goes_on(at_fay, 3)
        staff.supervises(eve, "mode", "whisper")
        goes_on(at_fay, 3)
        code = staff.serves(fay, "park", 200)["code"]
        instance.wait(conversation, "supervise.followed", 20, phase="parked", mode="monitor")
        goes_on(at_eve, 3)
        with baresip(instance.sip, tmp_path / "gus", "gus", gus_secret, GUS, dial=f"*5{code}") as with_gus:
            instance.wait(conversation, "supervise.followed", 30, phase="talking", agent=users["gus"], mode="whisper")
            at_gus = newest(with_gus, set())
            goes_on(at_gus, 4)
            staff.supervises(eve, "leave")
            goes_on(at_gus, 4)
            staff.serves(gus, "hangup")
            instance.ended(conversation)
        caller.report(20)

    # Beside the bot: heard by the caller from the moment she barged in, four seconds after she heard them.
    assert 0 < whole(taken_over, EVE) < whole(beside_bot, CALLER) - 2.5, (
        spells(taken_over, EVE),
        spells(beside_bot, CALLER),
    )
    at_caller = caller.folder / "heard.wav"
    assert spells(at_caller, FAY)
    assert spells(at_caller, GUS)
    assert spells(at_caller, GUS)[0][0] > spells(at_caller, FAY)[-1][1] + 2.0  # parked in between
    assert not spells(at_caller, EVE)  # she only listened, and whispered
    assert 0 < whole(at_fay, EVE) < whole(at_fay, CALLER) - 2.0, (spells(at_fay, EVE), spells(at_fay, CALLER))
    assert 0 < whole(at_gus, EVE) < whole(at_gus, CALLER) - 2.0, (spells(at_gus, EVE), spells(at_gus, CALLER))
    with_them = spells(at_eve, CALLER)
    away = max(later[0] - earlier[1] for earlier, later in pairwise(with_them))
    assert away > 2.0, with_them  # what a parked customer says to themselves is nobody's
    assert not spells(at_eve, SECRET)  # said when the PIN was asked for
    assert spells(at_eve, FAY)
    assert spells(at_eve, GUS)
