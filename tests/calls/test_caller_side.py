"""What the flow awaits reaches the worker that listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from dialog import effects as fx
from server.calls.caller_side import CallerSide
from server.calls.journal import LegRef
from server.hub import Hub
from session import wire
from session.consent import issue


class Orders:
    """A hub that keeps what it is told to send."""

    def __init__(self) -> None:
        self.sent: list[wire.SetHearing] = []
        self.fails = 0

    async def command(self, _leg_id: str, body: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise TimeoutError
        self.sent.append(body)


def side(hub: Orders) -> CallerSide:
    ref = LegRef("leg-1", "customer", "v1", "c1", "p1")
    return CallerSide(cast(Hub, hub), ref, Path("music"), ["en", "zh"], ["Warmline"])


async def test_a_pin_is_heard_as_digits_without_partials() -> None:
    hub = Orders()
    pin = fx.Expect(speech=True, digits=True, sensitive=True, wants="digits", digit_count=4)
    await side(hub).listen(True, wanted=pin)
    hearing = hub.sent[-1].hearing
    assert (hearing.expects, hearing.digit_count, hearing.partials) == ("digits", 4, False)
    assert hearing.hotwords == ["Warmline"]


async def test_after_the_number_sentences_are_heard_again() -> None:
    hub = Orders()
    caller = side(hub)
    await caller.listen(True, wanted=fx.Expect(speech=True, digits=True, wants="digits", digit_count=6))
    await caller.listen(True, wanted=fx.Expect(speech=True, digits=True), hint="My order is late.")
    hearing = hub.sent[-1].hearing
    assert (hearing.expects, hearing.digit_count, hearing.partials) == ("sentence", 0, True)
    assert hearing.hint == "My order is late."


async def test_the_same_order_is_sent_once() -> None:
    hub = Orders()
    caller = side(hub)
    for _ in range(2):
        await caller.listen(True)
    assert len(hub.sent) == 1


async def test_only_a_consent_lets_the_voice_be_judged() -> None:
    hub = Orders()
    caller = side(hub)
    await caller.listen(True)
    consent = issue("c1", "v1", "eu", keep=True)
    await caller.listen(True, emotion=consent, baseline=b"before")
    await caller.listen(True)
    assert [order.hearing.emotion for order in hub.sent] == [None, consent, None]
    assert [order.hearing.baseline for order in hub.sent] == [b"", b"before", b""]


async def test_an_order_that_did_not_arrive_is_sent_again() -> None:
    """Else a leg whose worker was slow once would go on judging a voice after the withdrawal."""
    hub = Orders()
    caller = side(hub)
    await caller.listen(True, emotion=issue("c1", "v1", "eu", keep=False))
    hub.fails = 1
    await caller.listen(True)
    assert len(hub.sent) == 1
    await caller.listen(True)
    assert hub.sent[-1].hearing.emotion is None


async def test_while_a_pin_is_asked_for_no_voice_is_judged_and_afterwards_it_is_again() -> None:
    hub = Orders()
    caller = side(hub)
    consent = issue("c1", "v1", "eu", keep=False)
    pin = fx.Expect(speech=True, digits=True, sensitive=True, wants="digits", digit_count=4)
    for wanted in (pin, fx.Expect(speech=True, digits=True)):
        await caller.listen(True, emotion=consent, wanted=wanted)
    assert [order.hearing.private for order in hub.sent] == [True, False]


async def test_words_from_before_a_prompt_can_be_heard_are_early() -> None:
    caller = side(Orders())
    assert not caller.early(0)
    await caller.say(fx.Say(play_id="p1", text="May I record?", locale="en", block="consent"))
    assert caller.early(900) and caller.early()
    play = caller.ref.plays.pop("p1")  # its end makes it no earlier
    play.began_ms = 1000
    assert caller.early(900)
    assert not caller.early(1100) and not caller.early()
    caller.forget()
    assert not caller.early(0)
