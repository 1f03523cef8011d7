"""The one tree of settings: from `warmline.toml` and the environment, checked before anything starts.

`WARMLINE_EDGE__PORT=5070` in the environment is `port = 5070` under `[edge]` in the file, and wins over it.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from asr.options import AsrOptions
from desk.options import DeskOptions
from dialog.options import DialogOptions
from media.options import MediaOptions
from prosody.options import ProsodyOptions
from server.calls.options import CallOptions
from server.options import ServerOptions
from session.options import StoreOptions
from telephony.edge_options import EdgeOptions
from telephony.options import SipLegOptions
from tts.options import TtsOptions

PREFIX = "WARMLINE_"
CONFIG_VARIABLE = "WARMLINE_CONFIG"  # how children of the supervisor are told the file
ROOT = Path(__file__).resolve().parent.parent
MASK = "********"


class SettingsError(Exception):
    """The settings cannot be used; the text lists every problem with its place, what was found and what is accepted."""


class _TomlFile(TomlConfigSettingsSource):
    """The settings file, also with the byte order mark that some Windows editors write first."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        return tomllib.loads(file_path.read_text("utf-8-sig"))


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid")

    server: ServerOptions = Field(default_factory=ServerOptions)
    edge: EdgeOptions = Field(default_factory=EdgeOptions)
    sip: SipLegOptions = Field(default_factory=SipLegOptions)
    media: MediaOptions = Field(default_factory=MediaOptions)
    asr: AsrOptions = Field(default_factory=AsrOptions)
    tts: TtsOptions = Field(default_factory=TtsOptions)
    prosody: ProsodyOptions = Field(default_factory=ProsodyOptions)
    dialog: DialogOptions = Field(default_factory=DialogOptions)
    desk: DeskOptions = Field(default_factory=DeskOptions)
    calls: CallOptions = Field(default_factory=CallOptions)
    store: StoreOptions = Field(default_factory=StoreOptions)

    @property
    def data_dir(self) -> Path:
        """Absolute data folder."""
        return self.server.data_dir.absolute()

    @property
    def run_dir(self) -> Path:
        """Absolute folder of sockets and process state."""
        return (self.server.run_dir or self.data_dir / "run").absolute()

    @property
    def models_dir(self) -> Path:
        """Where model files lie. Shared between instances by WARMLINE_MODELS, since they are large."""
        return Path(os.environ.get("WARMLINE_MODELS") or self.data_dir / "models").absolute()

    @property
    def app_address(self) -> str:
        """Where leg workers find the app."""
        return f"unix:{self.run_dir}/app.sock"

    @property
    def inference_address(self) -> str:
        """Where everybody finds the inference worker."""
        return f"unix:{self.run_dir}/inference.sock"

    @property
    def edge_db(self) -> Path:
        """The softphones that may register, as Kamailio reads them."""
        return self.data_dir / "edge.db"

    @property
    def store_url(self) -> str:
        """The database."""
        return self.store.url or f"sqlite+aiosqlite:///{self.data_dir}/warmline.db"

    @property
    def agent_domain(self) -> str:
        """Host, or host:port, of agents' softphones: `sip:NAME@this` rings them."""
        edge = self.edge
        return edge.domain if edge.port == 5060 or ":" in edge.domain else f"{edge.domain}:{edge.port}"

    @property
    def dial_rules(self) -> list[str]:
        """What workers and edge let be dialled: addresses that are allowed, and allowed numbers on the trunk."""
        return [*self.sip.dial_allowed, *self.calls.dial_rules()]

    def installed(self, path: str) -> Path:
        """A path of the settings that is relative to the installation."""
        return (ROOT / path).resolve()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults."""
        file = config_file()
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, _TomlFile(settings_cls, file)) if file is not None else sources


def config_file() -> Path | None:
    """The file that is read: $WARMLINE_CONFIG, or `warmline.toml` in the working folder if there is one."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    here = Path("warmline.toml")
    return here if here.is_file() else None


def load() -> Settings:
    """Read and check everything. Raises `SettingsError`."""
    file = config_file()
    if file is not None and not file.is_file():
        raise SettingsError(f"the settings file {file} does not exist")
    problems = _unknown_variables()
    try:
        settings = Settings()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is no text in UTF-8; save it as UTF-8") from error
    except ValidationError as error:
        problems += [_tell(detail, file) for detail in error.errors()]
    except ValueError as error:
        problems += _not_json() or [str(error)]
    if problems:
        raise SettingsError(
            "the settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        )
    return settings


def fields_of(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """Dotted path → pydantic field, for every leaf of the tree."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= fields_of(kind, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = field
    return found


def _unknown_variables() -> list[str]:
    """Variables with our prefix that mean nothing (pydantic-settings passes them over in silence)."""
    special = {CONFIG_VARIABLE, "WARMLINE_MODELS", "WARMLINE_URL"} | {
        f"WARMLINE_{who}PASSWORD" for who in ("", "CALL_", "PHONE_")
    }
    known = fields_of(Settings)
    problems = []
    for variable in sorted(os.environ):
        if not variable.startswith(PREFIX) or variable in special:
            continue
        path = variable.removeprefix(PREFIX).lower().replace("__", ".")
        if path in known or path in Settings.model_fields or any(path.startswith(f"{name}.") for name in known):
            continue
        problems.append(f"environment variable {variable}: there is no setting {path!r}{_closest(path, list(known))}")
    return problems


def _not_json() -> list[str]:
    """Variables of lists and tables whose text is no JSON (pydantic-settings names only their section)."""
    problems = []
    known = fields_of(Settings)
    for variable in sorted(os.environ):
        field = known.get(variable.removeprefix(PREFIX).lower().replace("__", "."))
        kind = get_origin(field.annotation) if field is not None and variable.startswith(PREFIX) else None
        if kind not in (list, dict):
            continue
        try:
            json.loads(os.environ[variable])
        except ValueError:
            example = '["one", "two"]' if kind is list else '{"name": "value"}'
            found = MASK if field is not None and field.repr is False else repr(os.environ[variable])
            problems.append(f"environment variable {variable}: found {found}; it is written as JSON, like {example}")
    return problems


def _tell(detail: ErrorDetails, file: Path | None) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    variable = PREFIX + path.upper().replace(".", "__")
    place = f"environment variable {variable}" if variable in os.environ else f"{file or 'settings'}: {path}"
    known = fields_of(Settings)
    if detail["type"] == "extra_forbidden":
        return f"{place}: there is no setting {path!r}{_closest(path, [*known, *Settings.model_fields])}"
    field = known.get(path)
    secret = field is not None and field.repr is False
    found = MASK if secret else repr(detail["input"])
    message = detail["msg"].removeprefix("Value error, ")
    about = f" ({field.description})" if field is not None and field.description else ""
    return f"{place}: found {found}; {message[0].lower()}{message[1:]}{about}"


def _closest(path: str, known: list[str]) -> str:
    near = difflib.get_close_matches(path, known, n=1, cutoff=0.6)
    section = path.rpartition(".")[0]
    if near:
        return f"; did you mean {near[0]!r}?"
    siblings = [name.rpartition(".")[2] for name in known if name.rpartition(".")[0] == section]
    return f"; [{section}] has {', '.join(siblings)}" if siblings and section else ""
