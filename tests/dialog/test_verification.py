"""Every factor, every exit, in both languages; lock-out, dropped calls, and that no answer leaves a trace."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyotp
import pytest

from dialog.effects import Expect, PauseRecording, VerifyFailed
from dialog.flow import parse_flow
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.service import Dialog
from dialog.validate import validate
from dialog.verification import hashing
from dialog.verification.codes import CodeRules
from dialog.verification.levels import DEFAULT_LEVELS, FACTORS, WEAK, check_levels, level_of
from dialog.verification.lockout import MemoryAttempts, customer_key
from dialog.verification.memory import MemoryCodes, MemoryProgress, MemoryVoices
from dialog.verification.options import VerificationOptions
from dialog.verification.ports import VerificationPorts, Voice
from dialog.verification.sending import CodePerformer
from dialog.yamlfile import FileError
from session.consent import issue_voiceprint
from tests.dialog.verify_world import START, Caller, flow

ROOT = Path(__file__).parents[2]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ"
CUSTOMER = "100001"  # of the sample: PIN 2468, 1985-03-12, SW1A 1AA, card 4417, rings from "demo"


class Post:
    """Takes the codes that are sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.down = False

    async def send(self, call_id: str, *, to: str, by: str, code: str, locale: str, valid_s: float) -> None:
        if self.down:
            raise OSError("down")
        self.sent.append((by, to, code))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def voices() -> MemoryVoices:
    consent = issue_voiceprint("k")
    found = MemoryVoices(consents={"c": consent})
    found.templates[CUSTOMER] = consent, voice_of(1)
    return found


@pytest.fixture
def world(ports: Ports, post: Post, voices: MemoryVoices) -> Ports:
    codes = MemoryCodes(ports.customers, post, CodeRules(), totp={CUSTOMER: SECRET})
    return replace(
        ports,
        performer=CodePerformer(ports.performer, codes),
        verification=VerificationPorts(codes, MemoryProgress(5), voices),
    )


def voice_of(speaker: int) -> Voice:
    vector = np.random.default_rng(speaker).normal(size=256).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def app_code(caller: Caller) -> str:
    return pyotp.TOTP(SECRET).at(caller.now_ms // 1000 + 1)


# ---------------------------------------------------------------------- each factor, by voice and by key

RIGHT = {
    "en": {
        "pin": "two four six eight",
        "birth_date": "the twelfth of March nineteen eighty five",
        "last_four": "four four one seven",
        "postcode": "s w one a one double a",
        "name": "it's Alex Morgan",
    },
    "zh-CN": {
        "pin": "二四六八",
        "birth_date": "一九八五年三月十二号",
        "last_four": "四四幺七",
        "postcode": "S W 一 A 一 A A",
        "name": "Alex Morgan",
    },
}
LEVEL = {"pin": 2, "birth_date": 1, "last_four": 1}


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("factor", ["pin", "birth_date", "last_four"])
async def test_a_spoken_answer_passes(world: Ports, factor: str, locale: str) -> None:
    caller = await Caller(world, flow(factor, level=LEVEL[factor]), number="demo", locale=locale).call()
    await caller.says(RIGHT[locale][factor])
    assert caller.exit == "passed" and caller.state.auth_level == LEVEL[factor]


@pytest.mark.parametrize(
    ("factor", "locale", "keys"),
    [
        ("pin", "en", "2468"),
        ("last_four", "en", "4417"),
        ("birth_date", "en", "12031985"),
        ("birth_date", "zh-CN", "19850312"),
    ],
)
async def test_keys_pass(world: Ports, factor: str, locale: str, keys: str) -> None:
    caller = await Caller(world, flow(factor, level=LEVEL[factor]), number="demo", locale=locale).call()
    await caller.presses(keys)
    assert caller.exit == "passed"


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_name_and_postcode_together_are_level_1(world: Ports, locale: str) -> None:
    caller = await Caller(world, flow("name", "postcode", level=1), number="demo", locale=locale).call()
    await caller.says(RIGHT[locale]["name"])
    assert caller.exit == ""
    await caller.says(RIGHT[locale]["postcode"])
    assert caller.exit == "passed" and caller.state.auth_level == 1


async def test_an_app_code_passes_once(world: Ports) -> None:
    caller = await Caller(world, flow("totp"), number="demo").call()
    code = app_code(caller)
    await caller.presses(code)
    assert caller.exit == "passed"
    again = await Caller(world, flow("totp"), number="demo", now_ms=caller.now_ms).call()
    await again.presses(code)
    assert again.exit == "" and any(isinstance(one, VerifyFailed) for one in again.effects)


async def test_a_sent_code_goes_to_the_address_on_file_and_passes_once(world: Ports, post: Post) -> None:
    caller = await Caller(world, flow("sent_code"), number="demo").call()
    ((by, to, code),) = post.sent
    assert (by, to) == ("sms", "+49 30 5550100")
    await caller.presses(code)
    assert caller.exit == "passed"
    assert not await world.verification.codes.check_sent(CUSTOMER, code, caller.now_ms)


async def test_star_has_a_new_code_sent_and_the_old_one_is_void(world: Ports, post: Post) -> None:
    caller = await Caller(world, flow("sent_code"), number="demo").call()
    await caller.presses("*")
    assert len(post.sent) == 2
    await caller.presses(post.sent[0][2])
    if post.sent[0][2] != post.sent[1][2]:
        assert caller.exit == ""
    await caller.presses(post.sent[1][2])
    assert caller.exit == "passed"
    await caller.presses("**")
    assert len(post.sent) == 2


async def test_a_code_expires_is_tried_three_times_and_sent_five_times_an_hour(world: Ports, post: Post) -> None:
    codes = world.verification.codes
    assert await codes.send("a", CUSTOMER, "sms", "en", START) == "sent"
    assert await codes.send("a", CUSTOMER, "sms", "en", START) == "sent" and len(post.sent) == 1
    assert not await codes.check_sent(CUSTOMER, post.sent[0][2], START + 300_001)
    await codes.send("b", CUSTOMER, "sms", "en", START)
    wrong = "000000" if post.sent[1][2] != "000000" else "000001"
    for _ in range(3):
        assert not await codes.check_sent(CUSTOMER, wrong, START)
    assert not await codes.check_sent(CUSTOMER, post.sent[1][2], START)
    sent = [await codes.send(name, CUSTOMER, "sms", "en", START) for name in "cdef"]
    assert sent == ["sent", "sent", "sent", "limited"]
    assert await codes.send("g", CUSTOMER, "sms", "en", START + 3_600_001) == "sent"


async def test_codes_that_cannot_be_sent_make_it_unavailable_unless_there_is_another_way(
    world: Ports, post: Post
) -> None:
    post.down = True
    caller = await Caller(world, flow("sent_code"), number="demo").call()
    assert caller.exit == "unavailable"
    other = await Caller(world, flow("sent_code", "pin"), number="demo", contact="d").call()
    assert other.said[-1] == "Your PIN?"


async def test_a_known_number_is_level_1_without_a_question_and_never_more(world: Ports) -> None:
    caller = await Caller(world, flow("known_number", level=1), number="demo").call()
    assert caller.exit == "passed" and caller.said == ["Welcome."]
    generous = {2: [["known_number", "pin"]], 1: [["known_number"]]}
    options = DialogOptions(verification=VerificationOptions(levels=generous))
    more = await Caller(world, flow("known_number", "pin"), number="demo", options=options).call()
    assert more.said == ["Your PIN?"]
    stranger = await Caller(world, flow("known_number", level=1), number="4930").call()
    await stranger.presses(CUSTOMER)
    assert stranger.exit == "failed"


# ---------------------------------------------------------------------- the voice


async def test_the_right_voice_saying_the_phrase_is_level_1_alone(world: Ports) -> None:
    caller = await Caller(world, flow("voiceprint", level=1), number="demo").call()
    assert caller.expected.voiceprint is not None and caller.expected.sensitive
    await caller.says(" ".join(caller.phrase), voice_of(1).tobytes())
    assert caller.exit == "passed" and caller.state.auth_level == 1


async def test_a_recording_of_another_phrase_fails_whoevers_voice_it_is(world: Ports) -> None:
    first = await Caller(world, flow("voiceprint", level=1), number="demo").call()
    recorded = first.phrase
    await first.says(" ".join(recorded), voice_of(1).tobytes())
    replay = await Caller(world, flow("voiceprint", level=1), number="demo").call()
    for _ in range(3):
        assert replay.phrase != recorded
        await replay.says(" ".join(recorded), voice_of(1).tobytes())
    assert replay.exit == "failed" and replay.state.auth_level == 0


async def test_another_voice_fails_and_no_phrase_comes_twice(world: Ports, voices: MemoryVoices) -> None:
    caller = await Caller(world, flow("voiceprint", level=1), number="demo").call()
    asked = [caller.phrase]
    for _ in range(3):
        await caller.says(" ".join(caller.phrase), voice_of(2).tobytes())
        asked.append(caller.phrase)
    assert caller.exit == "failed" and len(set(asked[:3])) == 3
    assert voices.asked[CUSTOMER] >= set(asked[:3])


async def test_a_phrase_is_worth_nothing_later_and_keys_are_no_voice(world: Ports) -> None:
    caller = await Caller(world, flow("voiceprint", level=1), number="demo").call()
    phrase = caller.phrase
    await caller.presses(phrase)
    assert caller.exit == ""
    caller.now_ms += 31_000
    await caller.says(" ".join(phrase), voice_of(1).tobytes())
    assert caller.exit == "" and any(isinstance(one, VerifyFailed) for one in caller.effects)


async def test_without_a_voiceprint_the_next_factor_is_asked(world: Ports) -> None:
    caller = await Caller(world, flow("voiceprint", "pin"), number="lihua").call()
    assert caller.said == ["Your PIN?"]


# ---------------------------------------------------------------------- levels


def test_the_default_levels_are_sound_and_forgeable_proofs_give_no_more_than_1() -> None:
    check_levels(DEFAULT_LEVELS)
    assert level_of(DEFAULT_LEVELS, ["pin"]) == 2
    assert level_of(DEFAULT_LEVELS, ["pin", "totp"]) == 3
    assert level_of(DEFAULT_LEVELS, ["birth_date"]) == 1
    assert level_of({3: [["voiceprint"], ["voiceprint", "known_number"]]}, ["voiceprint", "known_number"]) == 1
    assert all(level_of(DEFAULT_LEVELS, proven) <= 1 for proven in (["voiceprint"], ["known_number"], sorted(WEAK)))


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        ({2: [["voiceprint"]]}, "can be forged"),
        ({2: [["voiceprint", "known_number"]]}, "can be forged"),
        ({1: [[]]}, "empty combination"),
        ({4: [["pin"]]}, "level 4"),
        ({2: [["fingerprint"]]}, "fingerprint"),
    ],
)
def test_levels_that_cannot_hold_are_refused(levels: dict[int, list[list[str]]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        VerificationOptions.model_validate({"levels": levels})


async def test_a_higher_level_later_asks_for_the_rest_only(world: Ports) -> None:
    source = (
        flow("pin", level=2)
        .replace("passed: in", "passed: more")
        .replace(
            "  in:",
            flow("pin", "totp", level=3).split("blocks:\n")[1].split("  in:")[0].replace("  who:", "  more:") + "  in:",
        )
    )
    caller = await Caller(world, source, number="demo").call()
    await caller.presses("2468")
    assert caller.state.auth_level == 2 and caller.said[-1] == "The code of your app?"
    await caller.presses(app_code(caller))
    assert caller.state.auth_level == 3


async def test_who_has_not_got_it_is_asked_for_something_else(world: Ports) -> None:
    caller = await Caller(world, flow("pin", "birth_date", "last_four"), number="demo").call()
    await caller.says("I forgot it")
    assert caller.said[-1] == "When were you born?"
    await caller.says(RIGHT["en"]["birth_date"])
    await caller.says(RIGHT["en"]["last_four"])
    assert caller.exit == "passed" and caller.state.auth_level == 2
    zh = await Caller(world, flow("pin", "birth_date"), number="demo", locale="zh-CN").call()
    await zh.says("忘了")
    assert zh.exit == "failed"  # a birth date alone gives no level 2, so it is not even asked


# ---------------------------------------------------------------------- every exit


@pytest.mark.parametrize(("locale", "wrong"), [("en", "Not right."), ("zh-CN", "不对。")])
async def test_failed_then_locked_with_back_off(world: Ports, locale: str, wrong: str) -> None:
    caller = await Caller(world, flow("pin"), number="demo", locale=locale).call()
    for keys in ("1111", "2222", "3333"):
        await caller.presses(keys)
    assert caller.exit == "failed" and caller.said.count(wrong) == 2
    at_once = await Caller(world, flow("pin"), number="demo", locale=locale, now_ms=caller.now_ms).call()
    assert at_once.exit == "locked"
    elsewhere = await Caller(world, flow("pin"), number="4930", locale=locale, now_ms=caller.now_ms).call()
    await elsewhere.presses(CUSTOMER)
    assert elsewhere.exit == "locked"
    later = await Caller(world, flow("pin"), number="demo", locale=locale, now_ms=caller.now_ms + 900_000).call()
    await later.presses("2468")
    assert later.exit == "passed"


async def test_a_number_that_guesses_at_many_customers_is_locked(world: Ports) -> None:
    for guess in range(6):
        caller = await Caller(world, flow("pin"), number="4999").call()
        await caller.presses(f"70000{guess}")
        await caller.presses("1234")
        await caller.drops()
        await world.verification.progress.forget("x")
        world = replace(world, verification=replace(world.verification, progress=MemoryProgress(5)))
    assert (await Caller(world, flow("pin"), number="4999").call()).exit == "locked"


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_silence_and_a_directory_that_is_down(world: Ports, locale: str) -> None:
    caller = await Caller(world, flow("pin"), number="demo", locale=locale).call()
    for _ in range(3):
        await caller.silent()
    assert caller.exit == "no_input"

    class Down:
        async def find(self, *, phone: str = "", customer_no: str = "") -> None:
            raise OSError("down")

    down = await Caller(replace(world, customers=Down()), flow("pin"), number="demo", locale=locale).call()
    assert down.exit == "unavailable"


# ---------------------------------------------------------------------- dropped calls


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


# ---------------------------------------------------------------------- nobody learns anything


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


# ---------------------------------------------------------------------- enrolment

ENROL = """
  keep:
    type: voiceprint
    ask: {en: "Say {{phrase}}.", zh-CN: "请念 {{phrase}}。"}
    exits: {done: in, failed: out}
"""


async def enrolling(world: Ports, consents: bool = True) -> Caller:
    source = flow("pin").replace("passed: in", "passed: keep").replace("\n  in:", ENROL + "  in:")
    caller = await Caller(world, source, number="lihua", contact="c" if consents else "none").call()
    await caller.presses("1357")
    return caller


async def test_three_rows_of_digits_make_a_voiceprint_that_verifies_later(world: Ports, voices: MemoryVoices) -> None:
    caller = await enrolling(world)
    rows = []
    for _ in range(3):
        rows.append(caller.phrase)
        await caller.says(" ".join(caller.phrase), voice_of(3).tobytes())
    assert caller.state.ended == "passed" and "100002" in voices.templates
    assert len(set(rows)) == 3 and not any(row.encode() in b"".join(caller.saved) for row in rows)
    later = await Caller(world, flow("voiceprint", level=1), number="lihua").call()
    await later.says(" ".join(later.phrase), voice_of(3).tobytes())
    assert later.exit == "passed"


async def test_without_consent_level_2_or_the_right_digits_nothing_is_kept(world: Ports, voices: MemoryVoices) -> None:
    assert (await enrolling(world, consents=False)).state.ended == "failed"
    wrong = await enrolling(world)
    for _ in range(4):
        await wrong.says("1 2 3", voice_of(3).tobytes())
    assert wrong.state.ended == "failed" and "100002" not in voices.templates


async def test_the_customer_has_it_deleted(world: Ports, voices: MemoryVoices) -> None:
    source = flow("pin").replace("passed: in", "passed: keep")
    source = source.replace("\n  in:", ENROL.replace("type: voiceprint", "type: voiceprint\n    do: delete") + "  in:")
    caller = await Caller(world, source, number="demo").call()
    await caller.presses("2468")
    assert caller.state.ended == "passed" and CUSTOMER not in voices.templates


# ---------------------------------------------------------------------- what validation forbids


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (flow("birth_date", level=2), "verify-level"),
        (flow("pin", "pin"), "verify-factor-twice"),
        (flow("voiceprint", level=1).replace("{{phrase}}", "something"), "voiceprint-phrase"),
        (flow("pin").replace("passed: in", "passed: keep").replace("\n  in:", ENROL + "  in:"), "voiceprint-consent"),
    ],
)
def test_validation(source: str, rule: str) -> None:
    found = [problem for problem in validate(*parse_flow(source)) if problem.rule.id == rule]
    assert len(found) >= 1 and found[0].severity == "E"
    assert not [problem for problem in validate(*parse_flow(flow("pin"))) if problem.rule.id == rule]


async def test_a_flow_that_the_installations_levels_do_not_let_through_stops_the_start() -> None:
    options = DialogOptions(verification=VerificationOptions(levels={2: [["totp"]]}))
    with pytest.raises(FileError, match=r"support\.yaml.*level 0 at most, not 2 under dialog\.verification\.levels"):
        Dialog.load(options, root=ROOT, data_dir=None, embedder=Any)  # type: ignore[arg-type]
