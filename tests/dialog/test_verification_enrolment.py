"""Voiceprints taken and deleted, and what validation forbids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialog.flow import parse_flow
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.service import Dialog
from dialog.validate import validate
from dialog.verification.memory import MemoryVoices
from dialog.verification.options import VerificationOptions
from dialog.yamlfile import FileError
from tests.dialog.verify_world import CUSTOMER, Caller, flow, voice_of

ROOT = Path(__file__).parents[2]


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
