"""Calls that are dropped and tries that are counted: hanging up opens nothing and gives no more guesses."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dialog.ports import Ports
from dialog.verification.levels import DEFAULT_LEVELS, FACTORS
from dialog.verification.lockout import MemoryAttempts, customer_key
from dialog.verification.memory import MemoryProgress
from tests.dialog.verify_world import CUSTOMER, RIGHT, Caller, flow


@pytest.mark.parametrize(("locale", "words"), [("en", "Let's go on."), ("zh-CN", "我们接着来。")])
async def test_a_dropped_call_goes_on_at_the_factor_reached(world: Ports, locale: str, words: str) -> None:
    source = flow("birth_date", "last_four")
    caller = await Caller(world, source, number="0049 30 1", locale=locale).call()
    await caller.presses(CUSTOMER)
    await caller.says(RIGHT[locale]["birth_date"])
    await caller.drops()
    back = await Caller(world, source, number="0049 30 1", locale=locale, now_ms=caller.now_ms + 60_000).call()
    assert back.said[0] == words and back.said[-1] == (
        "Last four of your card?" if locale == "en" else "银行卡后四位？"
    )
    await back.says(RIGHT[locale]["last_four"])
    assert back.exit == "passed" and back.state.auth_level == 2


async def test_it_is_kept_for_minutes_and_for_that_number_only(world: Ports) -> None:
    source = flow("birth_date", "last_four")
    caller = await Caller(world, source, number="demo").call()
    await caller.says(RIGHT["en"]["birth_date"])
    await caller.drops()
    other = await Caller(world, source, number="4930", now_ms=caller.now_ms).call()
    assert other.said == ["Your customer number?"]
    late = await Caller(world, source, number="demo", now_ms=caller.now_ms + 301_000).call()
    assert late.said == ["When were you born?"]


async def test_what_was_proven_before_gives_no_level_alone(world: Ports) -> None:
    caller = await Caller(world, flow("birth_date", "last_four"), number="demo").call()
    await caller.says(RIGHT["en"]["birth_date"])
    await caller.drops()
    back = await Caller(world, flow("birth_date", level=1), number="demo", now_ms=caller.now_ms).call()
    assert back.exit == "" and back.said[-1] == "When were you born?"
    await back.says(RIGHT["en"]["birth_date"])
    assert back.exit == "passed"


async def test_proofs_of_a_dropped_call_open_no_later_question_either(world: Ports) -> None:
    """Who forges the number leaves the first question unanswered, and is led to verification again."""
    source = flow("pin", "totp", level=3)
    caller = await Caller(world, source, number="demo").call()
    await caller.presses("2468")
    await caller.drops()
    again = flow("pin").replace(
        "  in: {", "  second: {type: verify, level: 2, ask_number: {en: N, zh-CN: N}, wrong: {en: W, zh-CN: W}, "
        "factors: [{type: pin, ask: {en: P, zh-CN: P}}], exits: {passed: in, failed: out, locked: wait, unavailable: later}}\n  in: {",
    ).replace("failed: out", "failed: second", 1)  # fmt: skip
    thief = await Caller(world, again, number="demo", now_ms=caller.now_ms).call()
    for _ in range(3):
        await thief.says("well you know")
    assert thief.state.block == "second" and thief.state.auth_level == 0 and thief.said[-1] == "P"
    await thief.presses("2468")
    assert thief.state.ended == "passed" and thief.state.auth_level == 2


async def test_hanging_up_gives_no_more_tries(world: Ports) -> None:
    caller = await Caller(world, flow("pin"), number="demo").call()
    await caller.presses("1111")
    await caller.presses("2222")
    await caller.drops()
    back = await Caller(world, flow("pin"), number="demo", now_ms=caller.now_ms).call()
    await back.presses("3333")
    assert back.exit == "failed"


async def test_knowing_the_birth_date_gives_no_more_guesses_at_the_pin(world: Ports) -> None:
    source, guesses = flow("birth_date", "pin"), 0
    for _ in range(4):
        world = replace(world, verification=replace(world.verification, progress=MemoryProgress(5)))
        caller = await Caller(world, source, number="").call()
        await caller.presses(CUSTOMER)
        await caller.says(RIGHT["en"]["birth_date"]) if not caller.exit else None
        for keys in ("0001", "0002"):
            if not caller.exit:
                guesses += 1
                await caller.presses(keys)
        await caller.drops()
    assert guesses == 3


# ---------------------------------------------------------------------- tries


async def test_tries_that_come_at_once_are_no_more_than_one_after_another() -> None:
    attempts = MemoryAttempts(attempts=3, lockout_s=10)
    keys = [customer_key("1")]
    taken = await asyncio.gather(*(attempts.take(keys, 0) for _ in range(20)))
    assert sum(not ticket.wait_ms for ticket in taken) == 3
    assert await attempts.locked_ms(keys, 0) == 10_000
    assert await attempts.locked_ms(keys, 10_001) == 0
    for _ in range(3):
        await attempts.take(keys, 11_000)
    assert await attempts.locked_ms(keys, 11_000) == 20_000
    assert await attempts.unlock(keys) == 1 and await attempts.locked_ms(keys, 11_000) == 0


async def test_a_right_answer_gives_back_its_own_try_and_takes_off_the_lock_it_set() -> None:
    attempts = MemoryAttempts(attempts=3, lockout_s=10)
    keys = [customer_key("1")]
    await attempts.take(keys, 0)
    await attempts.take(keys, 0)
    third = await attempts.take(keys, 0)
    assert third.locks == tuple(keys)
    await attempts.passed(third)
    assert await attempts.locked_ms(keys, 0) == 0
    assert not (await attempts.take(keys, 0)).wait_ms
    assert (await attempts.take(keys, 0)).wait_ms == 10_000


def test_every_factor_is_in_some_level() -> None:
    used = {name for options in DEFAULT_LEVELS.values() for option in options for name in option}
    assert used == set(FACTORS)
