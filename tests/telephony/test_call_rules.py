"""What may be dialled, and the pure parts of a call: headers, addresses, scripts, the sample clock."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.caller_run import Lines
from telephony.dial_rules import check_target, parse_uri
from telephony.headers import check_headers, from_header, pick_headers, split_name_addr
from telephony.script import ScriptError, load_script
from telephony.tape import Tape, voiced_span
from tests.telephony.phone_world import tone

AGENTS = "127.0.0.1:5060"
ALLOWED = ["sip:desk@pbx.example", "sip:2*@pbx.example:5080"]


@pytest.mark.parametrize(
    "target",
    [
        "sip:alice@127.0.0.1",
        "sip:alice@127.0.0.1:5060;transport=tcp",
        "SIP:desk@PBX.example",
        "sip:204@pbx.example:5080",
    ],
)
def test_allowed(target: str) -> None:
    assert check_target(target, agents_at=AGENTS, allowed=ALLOWED).scheme == "sip"


@pytest.mark.parametrize(
    "target",
    [
        "sip:alice@127.0.0.2",
        "sip:alice@127.0.0.1:5062",
        "sip:127.0.0.1",  # nobody in particular
        "sip:desk@pbx.example.evil.test",
        "sip:desk@pbx.example:5099",
        "sip:304@pbx.example:5080",
        "sip:desk@pbx.example;maddr=203.0.113.9",
        "sip:desk@pbx.example;received=203.0.113.9",
        "sips:desk@pbx.example",
        "sip:desk@pbx.example?Route=sip:evil.test",
        "sip:desk@pbx.example\r\nRoute: sip:evil.test",
        "sip:a:password@pbx.example",
        "tel:+4912345",
        "",
    ],
)
def test_refused(target: str) -> None:
    with pytest.raises(ValueError):
        check_target(target, agents_at=AGENTS, allowed=ALLOWED)


@given(st.text(max_size=60))
def test_no_text_is_dialled_but_what_a_rule_names(text: str) -> None:
    try:
        uri = check_target(f"sip:{text}", agents_at="", allowed=["sip:desk@pbx.example"])
    except ValueError:
        return
    assert (uri.user, uri.host) == ("desk", "pbx.example")


def test_uri_errors_say_how_to_write_it() -> None:
    with pytest.raises(ValueError, match="write it like sip:name@host"):
        parse_uri("bob@host")
    with pytest.raises(ValueError, match="port 99999"):
        parse_uri("sip:a@b:99999")


def test_headers_are_picked_and_bounded() -> None:
    message = (
        "INVITE sip:a@b SIP/2.0\r\nVia: x\r\nUser-Agent: phone/1\r\nX-Long: a\r\n  folded\r\n"
        "Authorization: Digest secret\r\nP-Asserted-Identity: <sip:+491@t>\r\nX-Big: "
        + "y" * 999
        + "\r\n\r\nX-Body: no\r\n"
    )
    picked = pick_headers(message)
    assert picked["User-Agent"] == "phone/1"
    assert picked["X-Long"] == "a folded"
    assert len(picked["X-Big"]) == 256
    assert picked.keys() == {"User-Agent", "X-Long", "P-Asserted-Identity", "X-Big"}


def test_names_and_addresses() -> None:
    assert split_name_addr('"Ann \\"A\\" B" <sip:ann@x>;tag=1') == ('Ann "A" B', "sip:ann@x")
    assert split_name_addr("Ann <sip:ann@x;user=phone>") == ("Ann", "sip:ann@x;user=phone")
    assert split_name_addr("sip:ann@x;tag=1") == ("", "sip:ann@x")
    assert from_header('K "x"\r\n', "sip:a@b") == '"K \\"x\\"" <sip:a@b>'


@pytest.mark.parametrize("headers", [{"Route": "<sip:evil>"}, {"X-A": "b\r\nRoute: c"}, {"X A": "b"}])
def test_headers_that_may_not_be_sent(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        check_headers(headers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: [{play: nowhere.wav}]", r"steps\[0\]\.play: there is no file"),
        ("steps: [{dtmf: 0123}]", "in quotes"),
        ("steps: [{dtmf: '12x'}]", "keys are"),
        ("steps: [{wait: soon}]", "no number of seconds"),
        ("steps: [{dance: 1}]", "unknown step"),
        ("steps: [{wait_for_silence: {seconds: 1}}]", "give {silence_s, timeout_s}"),
        ("steps: [{wait_for_line: {silence_s: 1}}]", "give {timeout_s}"),
        ("steps: {}", "a map with one key"),
        ("steps: [", "cannot read the script"),
    ],
)
def test_scripts_name_the_place_of_a_mistake(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ScriptError, match=message):
        load_script(path)


def test_a_script_is_read(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", 0.1)
    path = tmp_path / "s.yaml"
    path.write_text(
        "steps:\n- wait_for_silence: {silence_s: 0.5}\n- play: a.wav\n- wait_for_line\n- hold: false\n- hangup\n"
    )
    steps = load_script(path)
    assert [step.kind for step in steps] == ["wait_for_silence", "play", "wait_for_line", "hold", "hangup"]
    assert steps[0].silence_s == 0.5
    assert steps[3].on is False


def test_lines_are_looked_for_without_waiting() -> None:
    reading, writing = os.pipe()
    try:
        lines = Lines(reading)
        assert not lines.take()
        os.write(writing, b"go\nand")
        assert lines.take() and not lines.take()
        os.write(writing, b" on\n\n")
        assert lines.take() and lines.take() and not lines.take()
        assert not lines.ended
    finally:
        os.close(writing)
    assert not lines.take() and lines.ended
    os.close(reading)


def test_the_tape_counts_samples_exactly() -> None:
    """What is sent at clock position n and comes back at m is reported at n and m, whatever the frame borders."""
    now = [0.0]
    tape = Tape(clock=lambda: now[0])
    sound = np.zeros(4000, dtype=np.int16)
    sound[1234:3456] = 8000
    assert voiced_span(sound) == (1234, 3456)
    echo: list[np.ndarray] = []
    for tick in range(100):
        now[0] = tick * 0.02
        if tick == 10:
            played = tape.play(sound)
        echo.append(tape.fetch(320))
        tape.receive(echo[tick - 5] if tick >= 5 else np.zeros(320, dtype=np.int16))
    assert played.started == 3200
    assert played.done
    ((start, end),) = tape.heard()
    assert round(start * 16_000) == 3200 + 1234 + 5 * 320
    assert abs(end * 16_000 - (3200 + 3456 + 5 * 320)) <= 160
    assert len(tape.received()) == 32_000


def test_the_clock_goes_on_while_the_media_is_away() -> None:
    now = [5.0]
    tape = Tape(clock=lambda: now[0])
    for _ in range(10):
        tape.fetch(320)
        tape.receive(np.zeros(320, dtype=np.int16))
        now[0] += 0.02
    now[0] += 1.0  # a re-INVITE took the stream away
    tape.fetch(320)
    assert abs(tape.position / 16_000 - 1.22) < 0.05


def test_a_click_is_no_speech() -> None:
    tape = Tape(clock=lambda: 0.0)
    frame = np.zeros(320, dtype=np.int16)
    frame[100] = 20_000
    tape.receive(frame)
    tape.receive(np.zeros(320, dtype=np.int16))
    assert tape.heard() == []
