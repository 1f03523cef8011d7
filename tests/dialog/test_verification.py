"""Every factor, every level, every exit, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialog.effects import VerifyFailed
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.verification.levels import DEFAULT_LEVELS, WEAK, check_levels, level_of
from dialog.verification.memory import MemoryProgress, MemoryVoices
from dialog.verification.options import VerificationOptions
from tests.dialog.verify_world import CUSTOMER, RIGHT, START, Caller, Post, app_code, flow, voice_of

# ---------------------------------------------------------------------- each factor, by voice and by key

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
