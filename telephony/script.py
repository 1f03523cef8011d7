"""What a scripted caller does, step by step, and the YAML it is written in.

A script is a list of steps, each one key with its value::

    steps:
      - wait_for_silence: {silence_s: 0.8, timeout_s: 20}   # the far end spoke, then was quiet for 0.8 s
      - play: hello.wav                                     # any rate, stereo becomes mono; relative to this file
      - wait_for_speech: {timeout_s: 10}                    # the far end begins to speak
      - wait_for_line: {timeout_s: 60}                      # a line on standard input: who started us says when
      - wait: 1.5                                           # seconds
      - dtmf: "12,34#"                                      # RFC 4733; a comma is half a second of pause
      - hold: true                                          # re-INVITE; false resumes
      - hangup: true

A wait that times out is reported and the script goes on; a caller who hears nothing speaks all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

KEYS = frozenset("0123456789*#ABCDabcd,")

StepKind = Literal["play", "wait", "wait_for_silence", "wait_for_speech", "wait_for_line", "dtmf", "hold", "hangup"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the caller does. Which fields count depends on `kind`; times in seconds."""

    kind: StepKind
    path: Path | None = None  # play
    digits: str = ""  # dtmf
    seconds: float = 0.0  # wait
    silence_s: float = 0.8  # wait_for_silence
    timeout_s: float = 20.0  # wait_for_*
    on: bool = True  # hold


class ScriptError(ValueError):
    """A script or a plan that cannot be carried out; the text names the place and the mend."""


def _seconds(value: Any, where: str, high: float = 3600.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise ScriptError(f"{where}: {value!r} is no number of seconds between 0 and {high:g}")
    return float(value)


def check_digits(digits: str, where: str) -> str:
    """Keys as given. Raises ScriptError for other characters."""
    if not digits or set(digits) - KEYS:
        raise ScriptError(f"{where}: keys are 0-9 * # A-D, and a comma for a pause of half a second")
    return digits.upper()


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ScriptError(f"{where}: write true or false, not {value!r}")
    return value


def _waiting(kind: StepKind, value: Any, where: str) -> Step:
    known = {"silence_s", "timeout_s"} if kind == "wait_for_silence" else {"timeout_s"}
    if value is None:
        return Step(kind)
    if not isinstance(value, dict) or set(value) - known:
        raise ScriptError(f"{where}: give {{{', '.join(sorted(known))}}}, found {value!r}")
    times = {key: _seconds(part, f"{where}.{key}") for key, part in value.items()}
    return Step(kind, silence_s=times.get("silence_s", 0.8), timeout_s=times.get("timeout_s", 20.0))


def _step(entry: Any, where: str, base: Path) -> Step:
    if isinstance(entry, str):
        entry = {entry: None}
    if not isinstance(entry, dict) or len(entry) != 1:
        raise ScriptError(f"{where}: a step is one key and its value, like 'play: hello.wav'; found {entry!r}")
    ((kind, value),) = entry.items()
    where = f"{where}.{kind}"
    match kind:
        case "play":
            if not isinstance(value, str) or not value:
                raise ScriptError(f"{where}: name a sound file, found {value!r}")
            path = (base / value).resolve()
            if not path.is_file():
                raise ScriptError(f"{where}: there is no file {path}")
            return Step("play", path=path)
        case "wait":
            return Step("wait", seconds=_seconds(value, where))
        case "wait_for_silence" | "wait_for_speech" | "wait_for_line":
            return _waiting(kind, value, where)
        case "dtmf":
            # YAML reads 1234 as a number; a leading zero would be lost, so only text is taken.
            if not isinstance(value, str):
                raise ScriptError(f"{where}: write keys in quotes, like '1234#'")
            return Step("dtmf", digits=check_digits(value, where))
        case "hold":
            return Step("hold", on=_flag(True if value is None else value, where))
        case "hangup":
            return Step("hangup")
    raise ScriptError(f"{where}: unknown step; known are {', '.join(get_args(StepKind))}")


def load_script(path: Path) -> tuple[Step, ...]:
    """Read a script file. Raises ScriptError naming the step."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScriptError(f"cannot read the script {path}: {error}") from None
    if not isinstance(data, dict) or set(data) != {"steps"} or not isinstance(data["steps"], list):
        raise ScriptError(f"{path}: a script is a map with one key, steps, that holds a list")
    return tuple(_step(entry, f"steps[{index}]", path.parent) for index, entry in enumerate(data["steps"]))
