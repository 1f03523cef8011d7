"""Flow tests with sound and over the telephone: what is played, what is passed over and why; the real thing is slow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from asr.engine import Ask, Recogniser, Transcript
from asr.files import read
from dialog.effects import Expect
from dialog.flow import load_flow
from dialog.flowtest import Scenario, read_tests
from media.frames import SPEECH_RATE
from media.resample import convert
from server.flowtest.audio import Listener
from server.flowtest.judging import Call, wrong
from server.flowtest.levels import why_not
from server.flowtest.sip import _no_call, _spoken, _user
from server.flowtest.voices import Voices, on_the_line
from telephony.dial_rules import parse_uri

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "flows" / "audio" / "demo" / "hours.flac"
FLOW = load_flow(ROOT / "flows" / "support.yaml")
REAL = """format: flowtest/v1
flow: support
tests:
  - name: opening hours and goodbye
    steps:
      - expect: May we record
      - say: "yes"
      - expect: How can I help
      - say: what are your opening hours
      - expect: Monday to Saturday
      - expect: anything else
      - say: no thanks, that's all
      - expect: Goodbye
    assert: {ended: completed, visited: [greet, consent, ask, answer, more, bye], consent: given}
  - name: a PIN
    given: {number: "+49 30 5550100"}
    steps:
      - expect: May we record
      - say: "yes"
      - say: where is my order
      - expect: key in your four-digit PIN
      - press: "2468"
      - expect: running shoes
    assert: {secret: "2468"}
"""


class FakeRecogniser:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asks: list[Ask] = []

    def transcribe(self, ask: Ask) -> Transcript:
        self.asks.append(ask)
        return Transcript("when are you open", "en", 0.9)


def scenario(steps: list[dict[str, Any]], **more: Any) -> Scenario:
    return Scenario.model_validate({"name": "x", "steps": steps, **more})


def test_what_is_said_goes_through_line_voice_activity_and_endpointing() -> None:
    recogniser = FakeRecogniser()
    listener = Listener(cast("Recogniser", recogniser), ("en", "zh"))
    speech = convert(read(CLIP)[0], SPEECH_RATE)
    heard = listener.hear(on_the_line(speech), Expect(speech=True, digits=True, wants="digits", digit_count=4))
    assert [item.text for item in heard] == ["when are you open"]
    assert recogniser.asks[-1].grammar == "digits" and recogniser.asks[-1].digit_count == 4
    # the last ask holds the speech, and neither all of the silence before it nor after it
    assert 0.5 * speech.ms < recogniser.asks[-1].audio.ms < speech.ms + 1500


def test_silence_is_nothing() -> None:
    recogniser = FakeRecogniser()
    silence = convert(read(CLIP)[0], SPEECH_RATE)
    silence.samples[:] = 0
    assert Listener(cast("Recogniser", recogniser), ("en",)).hear(on_the_line(silence), None) == []
    assert recogniser.asks == []


@pytest.mark.parametrize(
    ("steps", "more", "audio", "sip"),
    [
        ([{"say": "hello"}, {"press": "1"}, {"silence": 1}, {"hangup": True}], {}, "", ""),
        ([{"say": "hello", "emotion": "angry"}], {}, "step 1: how the caller", "step 1: how the caller"),
        ([{"expect": "x"}, {"say": "hello", "confidence": 0.3}], {}, "step 2: what the rec", "step 2: what the rec"),
        ([{"restart": True}], {}, "", "step 1: `restart` needs the virtual call"),
        ([{"barge_in": "stop"}], {}, "", "does not know which prompt"),
        ([{"say": "x"}], {"given": {"channel": "chat"}}, "a chat has no sound", "a chat has no sound"),
        ([{"say": "x"}], {"given": {"http": {"look": {}}}}, "", "`given.http` cannot be given"),
        ([{"say": "x"}], {"given": {"clock": "2026-01-01T10:00:00"}}, "", "`given.clock`"),
        ([{"say": "x"}], {"given": {"seed": "b"}}, "", "`given.seed`"),
        ([{"say": "x"}], {"given": {"called": "200"}}, "", "`given.called`"),
        ([{"say": "x"}], {"assert": {"ended": ""}}, "", "a real call ends"),
        ([{"say": "x"}], {"levels": ["text"]}, "its levels are text", "its levels are text"),
    ],
)
def test_what_cannot_be_played_says_why(steps: list[dict[str, Any]], more: Any, audio: str, sip: str) -> None:
    found = scenario(steps, **more)
    for reason, said in ((why_not(found, "audio"), audio), (why_not(found, "sip"), sip)):
        assert said in reason if said else reason == ""


def test_steps_of_a_phone(tmp_path: Path) -> None:
    steps = scenario([{"say": "hi", "file": CLIP.name}, {"press": "12#"}, {"hangup": True}, {"expect": "x"}]).steps
    done = [_spoken(step, CLIP.parent, Voices(cast("Any", None)), tmp_path) for step in steps]
    assert [next(iter(part)) for part in done[0]] == ["wait_for_silence", "play"]
    assert read(Path(done[0][1]["play"]))[0].ms == pytest.approx(read(CLIP)[0].ms, abs=2)
    assert done[1][1] == {"dtmf": "12#"}
    assert done[2][1] == {"hangup": True}
    assert done[3] == []


@pytest.mark.parametrize(
    ("number", "user"),
    [("+49 30 5550100", "+49305550100"), ("(030) 555-0100", "030555-0100"), ("demo", "demo"), ("", "anonymous")],
)
def test_a_number_as_people_write_it_calls(number: str, user: str) -> None:
    assert parse_uri(f"sip:{_user(number)}@127.0.0.1").user == user


def test_a_call_that_does_not_come_through_says_why() -> None:
    assert _no_call("x\nwarmline call: 'sip:a b' is no SIP address\n") == (
        "the call did not come through: 'sip:a b' is no SIP address"
    )
    assert "said nothing" in _no_call("")


def test_a_call_is_judged_by_its_events() -> None:
    def said(text: str) -> dict[str, Any]:
        return {"type": "bot.said", "payload": {"text": text}}

    def left(block: str, exit_name: str) -> dict[str, Any]:
        return {"type": "decision", "payload": {"block": block, "exit": exit_name, "why": ""}}

    events = [
        said("Hello"), left("greet", "next"), said("May we record?"), left("consent", "given"), left("more", "no"),
        said("Goodbye"), {"type": "contact.ended", "payload": {"disposition": "completed"}},
    ]  # fmt: skip
    call = Call(events, FLOW)
    steps = [{"expect": "hello"}, {"say": "x"}, {"expect": "record"}, {"expect": "goodbye"}]
    assert wrong(scenario(steps, **{"assert": {"visited": ["greet", "bye"], "ended": "completed"}}), call) is None
    backwards = wrong(scenario([{"expect": "record"}, {"expect": "hello"}]), call)
    assert backwards is not None and (backwards.step, backwards.why) == (
        2, "the bot does not say 'hello', or not in this order",
    )  # fmt: skip
    failed = {"type": "bot.said", "payload": {"text": "", "outcome": "failed", "planned": "3 GB left"}}
    assert "  (could not be spoken: 3 GB left)" in Call([failed], FLOW).talk
    missed = wrong(scenario([{"expect": "hello"}], **{"assert": {"visited": ["people"]}}), call)
    assert missed is not None and "'people'" in missed.why


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"attributes": {"order_id": "4711"}, "consent": "given", "queue": "support", "priority": 60}, ""),
        ({"locale": "en", "auth_level": 2, "prompts": ["hello", "record"]}, ""),
        ({"attributes": {"order_id": "4712"}}, "attribute order_id is '4711', not '4712'"),
        ({"attributes": {"stars": 1}}, "attribute stars is None, not 1"),
        ({"consent": "refused"}, "consent is [True], not refused"),
        ({"queue": "billing"}, "queue is ['support'], not 'billing'"),
        ({"priority": 50}, "priority is [60], not 50"),
        ({"locale": "zh-CN"}, "locale is 'en', not 'zh-CN'"),
        ({"auth_level": 0}, "auth_level is 2, not 0"),
        ({"prompts": ["record", "hello"]}, "prompt 'hello' was not said, or not in this order"),
        ({"secret": "4711"}, "a secret is in an event or in the conversation"),
    ],
)
def test_attributes_consents_and_queues_are_read_from_the_servers_api(wanted: dict[str, Any], why: str) -> None:
    events = [
        {"type": "bot.said", "payload": {"text": "Hello"}},
        {"type": "bot.said", "payload": {"text": "May we record?"}},
        {"type": "consent", "payload": {"given": True, "purposes": ["recording"]}},
        {"type": "queue.entered", "payload": {"queue": "support", "priority": 60}},
    ]
    call = Call(events, FLOW, {"language": "en", "auth_level": 2, "context": {"order_id": "4711"}})
    found = wrong(scenario([{"expect": "hello"}], **{"assert": wanted}), call)
    assert (found.why if found else "") == why


def run(folder: Path, level: str) -> str:
    path = ROOT / "flows" / "levels.flowtest.yaml"
    path.write_text(REAL)
    try:
        assert len(read_tests(path).tests) == 2
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", "flow", "test", str(path), level],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    finally:
        path.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_sound(tmp_path: Path) -> None:
    assert "2 of 2 scenarios hold (audio)" in run(tmp_path, "--audio")


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_telephone(tmp_path: Path) -> None:
    assert "2 of 2 scenarios hold (sip)" in run(tmp_path, "--sip")
