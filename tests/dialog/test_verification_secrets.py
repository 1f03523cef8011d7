"""Nobody learns anything of an answer: not by the words, the time, what is saved, told or shown."""

from __future__ import annotations

import re

import pytest

from dialog.effects import Expect, PauseRecording
from dialog.ports import Ports
from dialog.verification import hashing
from tests.dialog.verify_world import CUSTOMER, Caller, Post, flow


async def test_unknown_customers_meet_the_same_words_and_cost_the_same_hashes(
    world: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    real = hashing.matches
    monkeypatch.setattr(hashing, "matches", lambda stored, secret: counted.append(1) or real(stored, secret))
    heard: list[tuple[list[str], str, int]] = []
    for number in (CUSTOMER, "999999"):
        counted.clear()
        told = await Caller(
            world, flow("sent_code", "pin", "birth_date", "last_four"), number="", contact=number
        ).call()
        await told.presses(number)
        await told.presses("000000")
        await told.says("I don't have it")
        await told.presses("0000")
        await told.says("I don't have it")
        await told.says("first of January 1950")
        heard.append((told.said, told.exit, len(counted)))
    assert heard[0] == heard[1]
    assert heard[0][2] == 2 and heard[0][1] == "failed"


@pytest.mark.parametrize(
    ("factor", "level", "secret"),
    [
        ("pin", 2, "8135"), ("last_four", 1, "8135"), ("birth_date", 1, "17061973"), ("totp", 2, "813572"),
        ("sent_code", 2, "813572"),
    ],
)  # fmt: skip
async def test_digits_of_an_answer_are_in_nothing_that_is_saved_told_or_shown(
    world: Ports, factor: str, level: int, secret: str
) -> None:
    caller = await Caller(world, flow(factor, level=level), number="demo").call()
    await caller.presses(secret[:2])
    halfway = caller.state.dump()
    await caller.presses(secret[2:])
    await caller.says(" ".join(secret))
    seen = caller.everything() + halfway
    assert secret.encode() not in seen and " ".join(secret).encode() not in seen
    assert any(isinstance(one, PauseRecording) for one in caller.effects)
    assert all(one.sensitive for one in caller.effects if isinstance(one, Expect) and not caller.exit)


async def test_words_phrases_and_codes_are_in_nothing_that_is_saved_or_told(world: Ports, post: Post) -> None:
    caller = await Caller(world, flow("sent_code", "voiceprint", "name", "postcode", level=2), number="demo").call()
    code = post.sent[0][2]
    await caller.says(" ".join(code[:-1] + ("1" if code[-1] == "0" else "0")))
    await caller.says("I don't have it")
    seen = caller.everything()
    assert code.encode() not in seen
    voice = await Caller(world, flow("voiceprint", level=1), number="demo", contact="e").call()
    phrase = voice.phrase
    assert phrase.encode() not in b"".join(voice.saved)
    names = await Caller(world, flow("name", "postcode", level=1), number="demo", contact="f").call()
    await names.says("Bartholomew Featherstone")
    await names.says("z z nine nine")
    assert not re.search(rb"(?i)bartholomew|featherstone|nine", names.everything())
