"""Several people in one call, heard by their tones: consultation, transfer, a supervisor in every mode, taking over."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from tests.e2e.sound import heard, tone
from tests.e2e.waiting import asked, happens
from tests.e2e.world import Instance

CALLER, ANN, BEN, SUE = 1100, 700, 500, 300


def test_consult_transfer_monitor_whisper_barge_takeover(instance: Instance, tmp_path: Path) -> None:
    """Ann asks Ben while the caller waits, and gives the caller to him; Sue listens, whispers, talks, takes over."""
    phones, tokens = {}, {}
    for name, hz in (("ada", ANN), ("bea", BEN), ("sue", SUE)):
        token, secret = instance.agent(name)
        sound = tone(tmp_path / f"{name}.wav", hz, 240)
        phones[name], tokens[name] = instance.softphone(name, secret, "--wav", str(sound)), token
    users = {one["name"]: one["id"] for one in instance.ask("GET", "/api/users").json()}
    answer = instance.ask("PATCH", f"/api/users/{users['sue']}", json={"roles": ["agent", "supervisor"]})
    assert answer.status_code == 200, answer.text

    def order(who: str, path: str, body: object = None, method: str = "POST") -> None:
        done = instance.ask(method, path, tokens[who], json=body)
        assert done.status_code in (200, 204), (path, done.text, instance.story(conversation))

    instance.available(tokens["ada"])
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"}, happens("queue.accepted"),
        {"play": str(tone(tmp_path / "c.wav", CALLER, 240))},
    )  # fmt: skip
    instance.wait(conversation, "queue.accepted", 60, agent="ada")
    contact = instance.history(conversation)["contacts"][0]["id"]
    mine, watched = f"/api/agent/contacts/{contact}", f"/api/supervise/contacts/{contact}"
    time.sleep(3)  # they talk
    instance.available(tokens["bea"])
    order("ada", f"{mine}/consult", {"target": {"kind": "agent", "to": "bea"}})
    instance.wait(conversation, "consult.answered", 20)
    time.sleep(4)  # the two agents talk, the caller hears music
    order("ada", f"{mine}/consult/complete")
    instance.wait(conversation, "transfer.completed", 10)
    phones["ada"].wait("ended")
    time.sleep(3)  # Bea has the caller
    order("sue", f"{watched}/join", {"mode": "monitor"})
    instance.wait(conversation, "supervise.joined", 20)
    time.sleep(3)
    order("sue", f"{watched}/mode", {"mode": "whisper"}, "PUT")
    time.sleep(8)
    order("sue", f"{watched}/mode", {"mode": "barge"}, "PUT")
    time.sleep(3)
    order("sue", f"{watched}/takeover")
    phones["bea"].wait("ended")
    time.sleep(2)  # Sue has the caller
    order("sue", f"{mine}/hangup")
    assert instance.ended(conversation)["disposition"] == "completed"
    caller.report(20)
    for phone in phones.values():
        phone.stop()
    judge(caller.folder / "heard.wav", phones["bea"].record, phones["sue"].record)


def judge(caller: Path, second: Path, supervisor: Path) -> None:
    """By what each of them heard."""
    ann = (
        np.convolve(heard(caller, ANN), np.ones(5), "valid") == 5
    )  # half a second on end: no voice holds a tone so long
    assert ann.sum() > 5
    after = int(np.flatnonzero(ann)[-1]) + 15  # before that are voices and music, which hold every tone
    assert heard(caller, BEN)[after:].sum() > 60  # the second agent, from the transfer on
    at_second = {hz: heard(second, hz) for hz in (CALLER, ANN, SUE)}
    assert at_second[ANN].sum() > 15  # asked by the first one, before the caller is there
    assert np.argmax(at_second[CALLER]) > np.argmax(at_second[ANN]) + 15
    assert at_second[CALLER].sum() > 60
    assert heard(supervisor, CALLER).sum() > 60
    assert heard(supervisor, BEN).sum() > 60
    # The agent hears the supervisor whisper (8 s) and barge in (3 s); the caller from then on, and after she took over (2 s).
    assert at_second[SUE].sum() > 60
    assert 10 < heard(caller, SUE)[after:].sum() < at_second[SUE].sum() - 20
