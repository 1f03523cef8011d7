"""Agents who decline, do not answer, or get lost: the caller keeps the place and is told about it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.sound import seconds_of, tone
from tests.e2e.waiting import asked, happens
from tests.e2e.world import Instance


def test_declined_then_not_answered_then_the_next(instance: Instance, tmp_path: Path) -> None:
    """486 from one, silence from the other: back in the queue at the same place, music, position; then somebody answers."""
    first, first_secret = instance.agent("ann")
    second, second_secret = instance.agent("ben")
    declining = instance.softphone("ann", first_secret, "--decline", "486")
    deaf = instance.softphone("ben", second_secret, "--ignore")
    instance.available(first)
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"},
        happens("bridge", role="customer", connected=True), {"play": str(tone(tmp_path / "c.wav", 1100, 6))},
    )  # fmt: skip
    instance.wait(conversation, "queue.offered", 40, agent="ann")
    instance.wait(conversation, "queue.declined", 10)
    declining.wait("declined")
    instance.available(second)
    instance.wait(conversation, "queue.offered", 10, agent="ben")
    deaf.wait("incoming")
    instance.wait(conversation, "queue.missed", 15)
    deaf.wait("ended")  # CANCEL
    position = instance.wait(conversation, "queue.position", 20)
    assert position["position"] == 1
    entered = instance.events(conversation, "queue.entered")
    assert len(entered) == 1, "the place in the queue was given up"

    third, third_secret = instance.agent("cat")
    sound = tone(tmp_path / "a.wav", 700)
    answering = instance.softphone("cat", third_secret, "--wav", str(sound), "--hangup-heard", "3")
    instance.available(third)
    instance.wait(conversation, "queue.accepted", 20, agent="cat")
    answering.wait("ended")
    assert instance.ended(conversation)["disposition"] == "completed"
    caller.report(20)
    heard = caller.heard()
    assert seconds_of(heard, 700) > 1.5
    said = instance.wait(conversation, "bot.said", 5, block="queue")
    assert "next" in said["text"].lower() or "first" in said["text"].lower(), said
