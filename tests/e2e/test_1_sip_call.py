"""A phone call from greeting to goodbye, through Kamailio, to a human on a registered softphone."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.e2e.phones import play
from tests.e2e.sound import seconds_of, tone
from tests.e2e.waiting import asked, happens
from tests.e2e.world import KIM, KIM_NO, KIM_PIN, Instance

AGENT_HZ, CALLER_HZ = 700.0, 1100.0


def recording_files(instance: Instance, history: dict[str, Any]) -> list[Path]:
    """What lies on disk of a conversation's sound."""
    names = {one["id"] for one in [*history["contacts"], *history["legs"]]}
    return [path for path in (instance.folder / "data" / "recordings").rglob("*") if path.stem in names]


def files_with(instance: Instance, what: bytes) -> list[Path]:
    """Files that the instance wrote (database and its journal, recordings, logs, all) in whose bytes this pattern is."""
    found = []
    for path in [instance.folder / "log", *sorted((instance.folder / "data").rglob("*"))]:
        with contextlib.suppress(FileNotFoundError):  # a temporary one, gone meanwhile
            if path.is_file() and re.search(what, path.read_bytes()):
                found.append(path)
    return found


def cells_with(database: Path, what: bytes) -> list[str]:
    """Tables with this pattern in a cell: in the file's bytes a cell runs into its neighbours."""
    with contextlib.closing(sqlite3.connect(database)) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        cells = ((name, cell) for name in tables for row in opened.execute(f'SELECT * FROM "{name}"') for cell in row)  # noqa: S608
        return [
            name for name, cell in cells if re.search(what, cell if isinstance(cell, bytes) else str(cell).encode())
        ]


def test_the_whole_way(instance: Instance, tmp_path: Path) -> None:
    """Consent, a question, a PIN by keypad, a human, goodbye; then the history and the recording."""
    token, secret = instance.agent("bob")
    phone = instance.softphone("bob", secret, "--wav", str(tone(tmp_path / "a.wav", AGENT_HZ)), "--hangup-heard", "4")
    instance.available(token)
    caller_tone = tone(tmp_path / "c.wav", CALLER_HZ, 6)
    caller, conversation = instance.call(
        asked("consent"), play("en-yes"), asked("ask"), play("en-hours"), asked("more"), play("en-order"),
        asked("who_order"), {"dtmf": KIM_PIN}, asked("more"), play("en-human"),
        happens("bridge", role="customer", connected=True), {"play": str(caller_tone)},
        who=KIM,
    )  # fmt: skip
    assert instance.wait(conversation, "consent", 40)["given"] is True
    instance.wait(conversation, "decision", 30, type="answer", exit="answered")
    assert instance.wait(conversation, "verify", 60)["result"] == "passed"
    instance.wait(conversation, "queue.accepted", 60)
    phone.wait("ended", timeout_s=30)
    end = instance.ended(conversation)
    report = caller.report(20)
    assert report["exit_code"] == 0 and report["ended_by"] == "far end", report
    assert end["disposition"] == "completed", instance.story(conversation)

    # Each heard the other, not only the bot.
    agent_heard, _ = soundfile.read(phone.record)
    assert seconds_of(caller.heard(), AGENT_HZ) > 3
    assert seconds_of(np.asarray(agent_heard), CALLER_HZ) > 1.5

    history = instance.history(conversation)
    assert history["conversation"]["customer_id"] == KIM_NO
    assert history["conversation"]["auth_level"] == 2
    texts = [u["text"].lower() for u in history["utterances"] if u["role"] == "customer"]
    assert any("opening hours" in text for text in texts), texts
    said = [e["payload"]["text"] for e in history["events"] if e["type"] == "bot.said"]
    assert "Goodbye" in said[-1], said
    assert any("Monday to Saturday" in text for text in said), said
    mine = [u for u in history["utterances"] if u["role"] == "customer"]
    assert "yes" in mine[0]["text"].lower() and mine[0]["emotion"] is None  # said before there was consent
    assert [u for u in mine if u["emotion"] is not None]

    recording = instance.ask("GET", f"/api/conversations/{conversation}/recording")
    assert recording.status_code == 200 and len(recording_files(instance, history)) == 1
    (tmp_path / "r.wav").write_bytes(recording.content)
    stereo, _ = soundfile.read(tmp_path / "r.wav")
    assert stereo.shape[1] == 2
    assert seconds_of(stereo[:, 0], CALLER_HZ) > 1.5 and seconds_of(stereo[:, 1], AGENT_HZ) > 3

    # The digits are nowhere: not by themselves, whatever is around them. Within an id or a fraction they are chance.
    digits = rb"(?<![0-9a-f.-])" + KIM_PIN.encode() + rb"(?![0-9a-f])"
    database = instance.folder / "data" / "warmline.db"
    assert {database, database.with_name("warmline.db-wal")} & set(files_with(instance, conversation.encode()))
    assert files_with(instance, digits) == []
    assert "event" in cells_with(database, conversation.encode())
    assert cells_with(database, digits) == []


def test_refusal_leaves_no_recording_and_no_emotion(instance: Instance) -> None:
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), play("en-hours"), asked("more"), {"hangup": True}
    )
    assert instance.wait(conversation, "consent", 40)["given"] is False
    instance.wait(conversation, "decision", 40, type="answer", exit="answered")
    instance.ended(conversation)
    caller.report(20)
    history = instance.history(conversation)
    mine = [u for u in history["utterances"] if u["role"] == "customer"]
    assert mine and all(u["emotion"] is None for u in mine)
    assert history["recordings"] == []
    assert instance.ask("GET", f"/api/conversations/{conversation}/recording").status_code == 404
    assert not recording_files(instance, history)


def test_in_chinese(instance: Instance) -> None:
    """The greeting, the answer and the hand-over are Chinese."""
    token, secret = instance.agent("mei")
    phone = instance.softphone("mei", secret, "--hangup-after", "2")
    instance.available(token)
    caller, conversation = instance.call(
        asked("consent"), play("zh-yes"), asked("ask"), play("zh-hours"), asked("more"), play("zh-human"),
        to="zhongwen", who="lihua",
    )  # fmt: skip
    instance.wait(conversation, "bot.said", 30, text="您好")
    instance.wait(conversation, "consent", 40, given=True)
    instance.wait(conversation, "decision", 40, type="answer", exit="answered")
    assert "周" in instance.wait(conversation, "bot.said", 20, text="点")["text"]
    instance.wait(conversation, "queue.accepted", 40)
    phone.wait("ended")
    instance.ended(conversation)
    assert instance.wait(conversation, "bot.said", 5, text="再见")
    caller.report(20)
    assert instance.history(conversation)["conversation"]["language"] == "zh-CN"
