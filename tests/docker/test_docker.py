"""No engine is here to build them: each step must be one that `make` knows, and compose must be well-formed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
DOCKERFILES = sorted((ROOT / "docker").glob("Dockerfile*"))


def instructions(path: Path) -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", " ", path.read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def make_target(words: list[str]) -> str:
    assert words[0] == "make", f"{words} is not a make command"
    plain = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    assert len(plain) == 1
    return plain[0]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: p.name)
def test_every_step_is_one_of_make(path: Path) -> None:
    steps = instructions(path)
    assert steps[0][0] == "FROM"
    assert "@sha256" in steps[0][1] or ":" in steps[0][1], "the base image needs a version"
    runs = [make_target(shlex.split(rest)) for word, rest in steps if word == "RUN"]
    assert "setup" in runs
    commands = [re.findall(r'"([^"]*)"', rest) for word, rest in steps if word in ("CMD", "HEALTHCHECK")]
    for command in commands:
        assert make_target(command) in TARGETS
    assert set(runs) <= TARGETS
    known = {"FROM", "WORKDIR", "ENV", "COPY", "RUN", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD"}
    assert {word for word, _ in steps} <= known


def test_settings_in_images_and_compose_exist() -> None:
    from server.settings import PREFIX, Settings, fields_of

    known = fields_of(Settings)
    text = "\n".join(path.read_text() for path in [*DOCKERFILES, ROOT / "docker" / "compose.yaml"])
    named = set(re.findall(r"WARMLINE_[A-Z_]+__[A-Z_]+", text))
    assert named
    assert {name.removeprefix(PREFIX).lower().replace("__", ".") for name in named} <= set(known)


def test_compose_has_the_three_services_and_uses_make() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"app", "kamailio", "coturn"}
    for name in ("app", "kamailio"):
        assert make_target(services[name]["command"]) in TARGETS
        assert services[name]["build"]["dockerfile"] == "docker/Dockerfile"
    grace = int(services["app"]["stop_grace_period"].removesuffix("s"))
    from server.options import ServerOptions

    assert grace > ServerOptions().drain_timeout_s, "Docker would kill the drain"
