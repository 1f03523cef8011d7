"""What a flow has done outside and orders of the caller's media, as the app carries it out."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dialog.effects import Perform
from dialog.engine import FlowEngine
from dialog.events import Performed
from server.calls import pictures
from server.calls.control import Control
from server.calls.ending import caller_gone
from session import wire
from tests.calls.house import House, open_house

HEAD = "format: flow/v1\nid: main\ntitle: {en: M}\nlocales: [en]\nstart: go\nblocks:\n"
HTTP = (
    "  go: {type: http, method: GET, url: 'https://shop.example/orders', filler: {en: Wait.},\n"
    "       exits: {ok: good, http_error: bad, timeout: bad}}\n"
    "  good: {type: understand, prompt: {en: 'It is here.'}, no_match: {en: Pardon}, exits: {unknown: bye}}\n"
    "  bad: {type: understand, prompt: {en: 'It is away.'}, no_match: {en: Pardon}, exits: {unknown: bye}}\n"
    "  bye: {type: end}\n"
)


def media(orders: str) -> str:
    return (
        f"  go: {{type: media, {orders}, exits: {{next: ask}}}}\n"
        "  ask: {type: understand, prompt: {en: 'Well?'}, no_match: {en: Pardon}, exits: {'yes': off, unknown: bye}}\n"
        "  off: {type: media, hold: false, mask_keys: false, analysis: true, exits: {next: again}}\n"
        "  again: {type: understand, prompt: {en: 'Again?'}, no_match: {en: Pardon}, exits: {unknown: bye}}\n"
        "  bye: {type: end}\n"
    )


class Outside:
    """A performer whose answers the test gives."""

    def __init__(self) -> None:
        self.asked: list[Perform] = []
        self.answer: asyncio.Future[Performed] = asyncio.get_running_loop().create_future()

    async def perform(self, work: Perform) -> Performed:
        self.asked.append(work)
        return await asyncio.shield(self.answer)


def performing(house: House) -> Outside:
    outside = Outside()
    flow = house.engines["main"].flow
    house.engines["main"] = FlowEngine(flow, replace(house.ports, performer=outside))
    return outside


async def called(house: House) -> Any:
    """Answered; what is asked for outside is under way."""
    quiet, house.quiet = house.quiet, _nothing  # type: ignore[method-assign]
    contact = await house.call()
    house.quiet = quiet  # type: ignore[method-assign]
    async with asyncio.timeout(30):
        while not contact.errands._tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    return contact


async def _nothing() -> None:
    await asyncio.sleep(0)


async def test_the_caller_is_heard_while_something_is_done_outside(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": HEAD + HTTP}) as house:
        outside = performing(house)
        contact = await called(house)
        event = wire.SpeechStarted(leg_id="leg-1", utterance_id="u", t0_ms=0)
        done = asyncio.Event()
        contact.post(lambda: contact.on_report(contact.customer, wire.Report(seq=1, at=0, event=event)))

        async def mark() -> None:
            done.set()

        contact.post(mark)
        await asyncio.wait_for(done.wait(), 30)  # the actor is free
        outside.answer.set_result(Performed(call_id=outside.asked[0].call_id, outcome="ok"))
        await house.quiet()
        assert house.spoken() == ["It is here."]
        assert len(outside.asked) == 1


async def test_an_errand_that_breaks_is_told(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": HEAD + HTTP}) as house:
        outside = performing(house)
        await called(house)
        outside.answer.set_exception(RuntimeError("a bug of theirs"))
        await house.quiet()
        assert house.spoken() == ["It is away."]


async def test_who_hangs_up_does_not_undo_what_is_under_way(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": HEAD + HTTP}) as house:
        outside = performing(house)
        contact = await called(house)
        (task,) = contact.errands._tasks
        contact.post(lambda: caller_gone(contact, wire.LegEnded(leg_id="leg-1", party="remote", reason="hangup")))
        await asyncio.wait_for(contact._task, 30)
        assert not task.done()
        outside.answer.set_result(Performed(call_id=outside.asked[0].call_id, outcome="ok"))
        await asyncio.wait_for(task, 30)
        assert contact.phase == "ended"


async def test_on_hold_music_plays_and_nobody_listens(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": HEAD + media("hold: true")}) as house:
        contact = await house.call()
        assert not house.of(wire.SetHearing)[-1].hearing.speech
        assert house.of(wire.PlayFile)
        # The prompt comes before music that never ends, which goes on after it.
        after = [type(order).__name__ for order in house.orders if isinstance(order, wire.PlaySpeech | wire.PlayFile)]
        assert after[-2:] == ["PlaySpeech", "PlayFile"]
        assert contact.snapshot().media is not None


@pytest.mark.parametrize("orders", ["mask_keys: true", "hold: true"])
async def test_what_was_ordered_is_taken_back(tmp_path: Path, orders: str) -> None:
    async with open_house(tmp_path, {"main": HEAD + media(orders)}) as house:
        contact = await house.call()
        if "mask" in orders:
            assert house.of(wire.RecordLeg)[-1].action == "pause"
        await house.said()
        final = wire.UtteranceFinal(
            leg_id="leg-1", utterance_id="u", t0_ms=0, t1_ms=1, text="yes", language="en", confidence=0.9
        )
        await house.tell(final)
        assert house.spoken()[-1] == "Again?"
        assert house.of(wire.SetHearing)[-1].hearing.speech
        if "mask" in orders:
            assert house.of(wire.RecordLeg)[-1].action == "resume"
        assert contact.snapshot().media is None


async def test_a_picture_that_was_asked_for_comes_once(tmp_path: Path) -> None:
    visual = (
        "  go: {type: visual, prompt: {en: 'A photo, please.'}, exits: {received: here, none: bye, rejected: bye}}\n"
        "  here: {type: understand, prompt: {en: 'Thanks.'}, no_match: {en: Pardon}, exits: {unknown: bye}}\n"
        "  bye: {type: end}\n"
    )
    async with open_house(tmp_path, {"main": HEAD + visual}) as house:
        contact = await house.call()
        asked = (await house.events(contact, "visual.asked"))[0]
        for ref in ("p1", "p2"):
            contact.post(lambda ref=ref: contact.media.received(asked["request_id"], ref))  # type: ignore[misc]
        await house.quiet()
        assert house.spoken()[-1] == "Thanks."
        assert [event["ref"] for event in await house.events(contact, "visual.received")] == ["p1"]
        assert contact.run.attributes["picture"] == "p1"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


async def test_of_pictures_sent_at_once_one_is_kept(tmp_path: Path) -> None:
    """Every one of several parallel uploads stayed on the disk; one that came too late, too."""
    visual = (
        "  go: {type: visual, prompt: {en: 'A photo, please.'}, exits: {received: here, none: bye, rejected: bye}}\n"
        "  here: {type: understand, prompt: {en: 'Thanks.'}, no_match: {en: Pardon}, exits: {unknown: bye}}\n"
        "  bye: {type: end}\n"
    )
    async with open_house(tmp_path, {"main": HEAD + visual}) as house:
        contact = await house.call()
        asked = (await house.events(contact, "visual.asked"))[0]["request_id"]
        object.__setattr__(house.controller.around, "recordings", tmp_path / "recordings")
        control = Control(house.controller, house.controller.idle.wait)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="this is no"):
            await control.picture(contact.conversation_id, asked, b"no picture")
        sent = [control.picture(contact.conversation_id, asked, picture()) for _ in range(5)]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        await house.quiet()
        assert [type(answer).__name__ for answer in answers].count("NotNow") == 4
        kept = [path.stem for path in (tmp_path / "pictures").rglob("*.png")]
        assert kept == [contact.run.attributes["picture"]]
        # the flow went on while one was being written: nobody asks for it any more
        late = pictures.keep(tmp_path / "pictures", contact.conversation_id, picture(), want="photo")
        contact.post(lambda: contact.media.received(asked, late))
        await house.quiet()
        assert [path.stem for path in (tmp_path / "pictures").rglob("*.png")] == kept
