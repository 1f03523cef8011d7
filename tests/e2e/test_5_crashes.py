"""kill -9 of each kind of process in mid-call: what must survive does, and what cannot is said at once."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

from tests.e2e.phones import SPEECH, play
from tests.e2e.sound import seconds_of, tone
from tests.e2e.waiting import asked, happens, until
from tests.e2e.world import Instance


def test_barge_in_stops_the_voice(instance: Instance) -> None:
    """The caller speaks over an answer: it stops, and only what was played is kept. How soon: `benchmarks.interruptions`."""
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), play("en-hours"), SPEECH, {"wait": 1.0}, play("en-interrupt"),
        happens("bot.said", outcome="barge_in"), {"hangup": True},
    )  # fmt: skip
    barged = instance.wait(conversation, "bot.said", 60, outcome="barge_in")
    assert barged["stop_ms"] > 0, barged
    assert barged["planned"] != barged["text"] and barged["planned"].startswith(barged["text"].rstrip(" …")), barged
    instance.ended(conversation, 40)
    caller.report(20)


def test_the_app_dies(instance: Instance) -> None:
    """The call goes on in the same block, with what was said meanwhile, and finishes."""
    killed = threading.Event()
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), killed, play("en-hours"), asked("more"), {"hangup": True}
    )
    instance.wait(conversation, "decision", 40, block="consent")
    instance.wait(conversation, "bot.said", 20, text="How can I help")
    old = instance.kill("app")
    killed.set()
    instance.back("app", old)
    instance.wait(conversation, "contact.resumed", 30)
    instance.wait(conversation, "decision", 60, type="answer", exit="answered")
    assert instance.ended(conversation, 40)["reason"] == "hangup"
    report = caller.report(30)
    assert report["ended_by"] == "us", report
    assert len(instance.events(conversation, "contact.started")) == 1


def test_the_inference_worker_dies_in_a_turn(instance: Instance) -> None:
    """The call survives, and the question is answered: late, or when it is asked again; where it is away for long, an apology."""
    killed = threading.Event()
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), killed, play("en-hours"), happens("bot.said", text="Sorry"),
        play("en-hours"),
    )  # fmt: skip
    instance.wait(conversation, "bot.said", 40, text="How can I help")
    old = instance.kill("inference")
    killed.set()

    def answered() -> bool:
        return any(event["payload"].get("exit") == "answered" for event in instance.events(conversation, "decision"))

    def sorry() -> bool:
        return any("Sorry" in event["payload"]["text"] for event in instance.events(conversation, "bot.said"))

    until("an answer or an apology", lambda: answered() or sorry(), 60, lambda: instance.story(conversation))
    instance.back("inference", old)
    assert not instance.events(conversation, "contact.ended"), instance.story(conversation)
    if not answered():  # whoever calls now is understood
        again, second = instance.call(
            asked("consent"), {"dtmf": "2"}, asked("ask"), play("en-hours"), asked("more"), {"hangup": True}
        )
        instance.wait(second, "decision", 60, type="answer", exit="answered")
        again.report(40)
    caller.process.terminate()
    instance.ended(conversation, 40)


def written(instance: Instance, user: str) -> bool:
    """Whether the dialogs' file knows a call to this softphone that is up (state 4)."""
    with contextlib.closing(sqlite3.connect(instance.folder / "data" / "edge-dialogs.db")) as database:
        mine = "SELECT 1 FROM dialog WHERE state = 4 AND to_uri LIKE ?"
        return bool(database.execute(mine, (f"sip:{user}@%",)).fetchone())


def test_edge_and_legs_die_in_a_talk(instance: Instance, tmp_path: Path) -> None:
    """Kamailio: the talk goes on. The agent's worker: an apology, the old place. The caller's worker: BYE, worker_lost."""
    token, secret = instance.agent("dan")
    phone = instance.softphone("dan", secret, "--wav", str(tone(tmp_path / "a.wav", 700)))
    instance.available(token)
    caller, conversation = instance.call(asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"})
    instance.wait(conversation, "queue.accepted", 60)
    phone.wait("answered")
    until("Kamailio wrote the call down", lambda: written(instance, "dan"))

    old = instance.kill("kamailio")
    instance.back("kamailio", old)
    time.sleep(3)  # they talk; it is looked for in what the caller heard
    assert not instance.events(conversation, "agent.left"), instance.story(conversation)

    old = instance.kill("sip-out-0")
    assert instance.wait(conversation, "agent.left", 20)["lost"] is True
    instance.wait(conversation, "bot.said", 20, text="dropped")
    contact = instance.history(conversation)["contacts"][0]["id"]
    done = {"disposition": "resolved"}
    assert instance.ask("POST", f"/api/agent/contacts/{contact}/wrapup", token, json=done).status_code == 204
    phone.wait("ended", timeout_s=10)
    instance.back("sip-out-0", old)
    # The registration outlived Kamailio: the same phone rings again, without registering anew.
    instance.wait(conversation, "queue.accepted", 60, count=2)
    phone.wait("answered", count=2)
    entered = instance.events(conversation, "queue.entered")
    assert [event["payload"]["priority"] for event in entered] == [50, 80]
    assert sum(one["event"] == "registered" for one in phone.told) == 1

    leg = next(one for one in instance.history(conversation)["legs"] if one["worker_id"].startswith("sip-in"))
    old = instance.kill(leg["worker_id"])
    report = caller.report(20)
    assert report["ended_by"] == "far end", report
    assert instance.ended(conversation, 20)["reason"] == "worker_lost"
    assert seconds_of(caller.heard(), 700) > 2
    phone.wait("ended", count=2, timeout_s=20)
    instance.back(leg["worker_id"], old)
