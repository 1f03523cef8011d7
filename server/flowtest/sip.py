"""Level sip: a real call per scenario to an app started for it; what it did is read from its own API (`judging`).

The caller is a SIP client that waits for silence, plays the spoken words, presses RFC 4733 keys, and hangs up. Prompts and
blocks are checked afterwards, in their order. The clock, business systems and queues are real, so scenarios that set
them are passed over (`levels.why_not`).
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

from dialog.flow import Flow
from dialog.flowtest import Moment, ReadTests, Scenario, Step
from dialog.flowtest.coverage import Coverage
from dialog.flowtest.running import Outcome, Result, failed_line
from dialog.library import outermost
from dialog.neighbours import PACKS
from server.demo.instance import DemoError, Instance, private_instance
from server.flowtest.judging import Call, wrong
from server.flowtest.levels import why_not
from server.flowtest.voices import VoiceError, Voices
from server.settings import ROOT, load

CALL_S = 150.0  # s that one scenario's call may take
SILENCE_S = 7.0  # s that a silent step waits: longer than `dialog.no_input_s`
ENDED_S = 15.0  # s after the caller is gone until the conversation's last event
QUIET: dict[str, Any] = {"wait_for_silence": {"silence_s": 1.2, "timeout_s": 25}}


class SipFailed(Exception):
    """No call could be placed at all; the text says why."""


class NoCall(Exception):
    """The call of one scenario did not come through; the text says why."""


async def run_sip(tests: ReadTests, flow: Flow, voices: Voices, vectors: Path) -> Result:
    """Start an app for the flow, call it once per scenario. Raises `SipFailed`.

    `vectors`: folder of sentence vectors computed before, as the app keeps them in its data folder.
    """
    coverage = Coverage(flow)
    result = Result(str(tests.path), flow.id, "sip", coverage=coverage)
    playable = [scenario for scenario in tests.tests if not why_not(scenario, "sip")]
    with tempfile.TemporaryDirectory(prefix="warmline-flowtest-", ignore_cleanup_errors=True) as folder:
        try:
            if playable:
                await asyncio.to_thread(_copy, vectors, Path(folder))
                await _all(tests, playable, voices, Path(folder), result, coverage, flow)
        except DemoError as error:
            raise SipFailed(str(error)) from error
    for index, scenario in enumerate(tests.tests):
        if reason := why_not(scenario, "sip"):
            result.outcomes.append(Outcome(scenario.name, tests.line(index), skipped=reason))
    return result


async def _all(
    tests: ReadTests,
    playable: list[Scenario],
    voices: Voices,
    folder: Path,
    result: Result,
    coverage: Coverage,
    flow: Flow,
) -> None:
    locales = sorted({scenario.given.locale for scenario in playable})
    numbers = {
        "*": {"flow": flow.id, "locale": locales[0]},
        **{_called(locale): {"flow": flow.id, "locale": locale} for locale in locales},
    }
    env = {
        "WARMLINE_DIALOG__FLOWS_DIR": str(outermost(tests.path)),
        "WARMLINE_DIALOG__NUMBERS": json.dumps(numbers),
        "WARMLINE_DIALOG__ACTIONS__MOCK": "true",
    }
    async with (
        private_instance(folder, load().models_dir, env=env) as instance,
        httpx.AsyncClient(
            base_url=instance.http, headers={"Authorization": f"Bearer {instance.admin_token}"}, timeout=10
        ) as client,
    ):
        for scenario in playable:
            index = tests.tests.index(scenario)
            began = time.perf_counter()
            moment: Moment | None
            try:
                call = await _play(scenario, tests.path.parent, flow, voices, folder, instance, client)
            except (VoiceError, NoCall) as error:
                moment = Moment(0, "", "", str(error), [], {}, [])
            else:
                coverage.taken_by(
                    (e["payload"]["block"], e["payload"]["exit"]) for e in call.events if e["type"] == "decision"
                )
                moment = wrong(scenario, call)
            result.outcomes.append(
                Outcome(scenario.name, failed_line(tests, index, moment), time.perf_counter() - began, moment)
            )


async def _play(
    scenario: Scenario,
    beside: Path,
    flow: Flow,
    voices: Voices,
    folder: Path,
    instance: Instance,
    client: httpx.AsyncClient,
) -> Call:
    script = folder / "script.yaml"
    steps = await asyncio.to_thread(
        lambda: [part for step in scenario.steps for part in _spoken(step, beside, voices, folder)]
    )
    script.write_text(yaml.safe_dump({"steps": [*steps, QUIET, {"wait": 2}]}))
    before = {item["conversation_id"] for item in (await client.get("/api/conversations")).json()}
    target = f"sip:{_called(scenario.given.locale)}@127.0.0.1:{instance.sip_port}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telephony.caller", target, "--script", str(script), "--max-seconds", str(CALL_S - 10),
        "--from", f"sip:{_user(scenario.given.number)}@127.0.0.1",
        cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told = b""
    try:
        _, told = await asyncio.wait_for(process.communicate(), CALL_S)
    except TimeoutError:
        told = b"it did not end"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    deadline = time.monotonic() + ENDED_S
    while True:
        new = [
            item["conversation_id"]
            for item in (await client.get("/api/conversations")).json()
            if item["conversation_id"] not in before
        ]
        history = (await client.get(f"/api/conversations/{new[0]}")).json() if new else {}
        events = history.get("events", [])
        if any(event["type"] == "contact.ended" for event in events) or time.monotonic() > deadline:
            if not new:
                raise NoCall(_no_call(told.decode(errors="replace")))
            return Call(events, flow, history.get("conversation", {}))
        await asyncio.sleep(0.3)


def _spoken(step: Step, beside: Path, voices: Voices, folder: Path) -> list[dict[str, Any]]:
    """What the phone does for a step."""
    words = step.say
    if words is not None:
        locale = "zh-CN" if any("\u3400" <= letter <= "\u9fff" for letter in words) else "en"
        wav = voices.write(words, locale, beside / step.file if step.file else None, folder)
        return [QUIET, {"play": str(wav)}]
    if step.press is not None or step.press_over is not None:
        over = {"wait_for_speech": {"timeout_s": 25}}
        return [QUIET if step.press is not None else over, {"dtmf": step.press or step.press_over}]
    if step.silence is not None:
        return [QUIET, {"wait": SILENCE_S}] * step.silence
    if step.hangup:
        return [QUIET, {"hangup": True}]
    return []


def _copy(vectors: Path, data_dir: Path) -> None:
    """Half of a first start is computing them."""
    for path in vectors.glob("*.npz"):
        shutil.copy(path, data_dir)
    if (vectors / PACKS).is_dir():
        shutil.copytree(vectors / PACKS, data_dir / PACKS)


def _user(number: str) -> str:
    """A telephone number as people write it, or a name, as the user of a SIP address."""
    return re.sub(r"[^\w+.-]", "", number) or "anonymous"


def _no_call(told: str) -> str:
    """In words, with what the phone said last."""
    last = (told.strip().splitlines() or ["the phone said nothing about it"])[-1]
    return f"the call did not come through: {last.removeprefix('warmline call: ')}"


def _called(locale: str) -> str:
    return f"test-{locale.lower()}"
