"""Who hears whom, for any people in any state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.calls.mixer import Mixer, NotMixed
from server.calls.mixing import Voice, mix_of, orders
from session import channel, wire

SUPERVISING = st.sampled_from(["monitor", "whisper", "barge"])
OTHERS = st.sampled_from(["customer", "agent", "outside"])


@st.composite
def rooms(draw: Any) -> list[Voice]:
    found = []
    for index in range(draw(st.integers(0, 7))):
        supervises = draw(st.booleans())
        role = "supervisor" if supervises else draw(OTHERS)
        mode = draw(SUPERVISING) if supervises else "active"
        found.append(Voice(f"leg-{index}", role, mode, draw(st.booleans()), draw(st.booleans())))
    return found


@st.composite
def with_bots(draw: Any) -> list[Voice]:
    """What is played to customers is heard, too."""
    room = draw(rooms())
    return [*room, *(Voice(wire.played(v.leg_id), "bot") for v in room if v.role == "customer" and draw(st.booleans()))]


@given(rooms())
def test_what_holds_of_every_room(room: list[Voice]) -> None:
    mix = mix_of(room)
    assert set(mix) == {voice.leg_id for voice in room}
    for listener in room:
        for speaker in room:
            heard = speaker.leg_id in mix[listener.leg_id]
            if speaker is listener or speaker.held or listener.held or speaker.muted:
                assert not heard  # nobody hears themselves, a held or a muted one; a held one hears nobody
            elif speaker.mode == "monitor":
                assert not heard
            elif speaker.mode == "whisper":
                assert heard == (listener.role == "agent")
            else:
                assert heard


@given(rooms(), st.booleans())
def test_what_the_bot_plays_is_heard_by_supervisors_alone(room: list[Voice], held: bool) -> None:
    bot = Voice(wire.played("leg-c"), "bot")
    mix = mix_of([*room, Voice("leg-c", "customer", held=held), bot])
    assert bot.leg_id not in mix
    heard_by = {leg_id for leg_id, heard in mix.items() if bot.leg_id in heard}
    assert heard_by == {voice.leg_id for voice in room if voice.role == "supervisor" and not voice.held}
    (order,) = [o for o in orders({"leg-c": None}, mix) if o.leg_id == "leg-c"]
    assert order.plays_to == heard_by


@given(rooms())
def test_a_customer_is_never_told_that_somebody_listens_in(room: list[Voice]) -> None:
    silent = [v for v in room if v.role == "supervisor" and v.mode in ("monitor", "whisper")]
    rest = [v for v in room if v not in silent]
    outsiders = [v.leg_id for v in room if v.role in ("customer", "outside")]
    with_them, without = mix_of(room), mix_of(rest)
    assert [with_them[leg] for leg in outsiders] == [without[leg] for leg in outsiders]


@given(with_bots(), with_bots())
def test_orders_lead_from_any_room_to_any_other(before: list[Voice], after: list[Voice]) -> None:
    told: dict[str, Any] = {}
    for room in (before, after):
        mix = mix_of(room)
        for order in orders(told, mix):
            assert told.get(order.leg_id) != (order.hears, order.sends_to, order.plays_to)  # nothing is said twice
            told[order.leg_id] = (order.hears, order.sends_to, order.plays_to)
        for listener, heard in mix.items():
            assert told.get(listener, (frozenset(), None))[0] == heard
            for speaker in heard:
                leg_id, _, played = speaker.partition("+")
                assert listener in told[leg_id][2 if played else 1]  # whoever is heard sends there
        for leg_id, (hears, sends_to, plays_to) in told.items():
            if leg_id not in mix:
                assert not hears
                assert not sends_to
                assert not plays_to
        assert orders(told, mix) == []


class Hub:
    """Legs that take orders, but for one that is `gone`."""

    def __init__(self) -> None:
        self.gone = ""
        self.taken: list[wire.MixLeg] = []

    async def command(self, leg_id: str, body: wire.MixLeg) -> None:
        if leg_id == self.gone:
            raise channel.RemoteError("no such leg")
        self.taken.append(body)


async def test_a_leg_that_took_no_order_is_told_again() -> None:
    hub: Any = Hub()
    mixer = Mixer(hub)
    talk = mix_of([Voice("a", "customer"), Voice("b", "agent")])
    hub.gone = "b"
    with pytest.raises(NotMixed):
        await mixer.order(talk, strict=True)
    await mixer.order(talk)  # what follows of it is said elsewhere; nothing is raised
    hub.gone = ""
    hub.taken.clear()
    await mixer.order(talk)
    assert [order.leg_id for order in hub.taken] == ["b"]
    hub.taken.clear()
    await mixer.order({})
    assert hub.taken == [wire.MixLeg(leg_id="a"), wire.MixLeg(leg_id="b")]
    await mixer.order({})
    assert len(hub.taken) == 2


async def test_after_a_restart_everybody_is_told_anew() -> None:
    hub: Any = Hub()
    mixer = Mixer(hub)
    mixer.unsure("a")
    await mixer.order({})
    assert hub.taken == [wire.MixLeg(leg_id="a")]
