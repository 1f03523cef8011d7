"""`http`: ask or tell a business system, and keep parts of its answer as attributes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dialog import layers
from dialog.blocks.working import Working
from dialog.effects import Perform
from dialog.events import Performed
from dialog.text import variables

if TYPE_CHECKING:
    from dialog.turn import Turn

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
BACK_OFF_S = 0.2  # before the second try; doubles with each further one
_PATH = re.compile(r"\$?\.?[A-Za-z_][\w-]*(\[\d+\]|\.[A-Za-z_][\w-]*)*|\$")
_AUTHORITY = re.compile(r"https?://[^/?#{}@\s]+(?:[/?#].*)?$")
_VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_NAME = r"^[a-z][a-z0-9_]*$"


class Auth(BaseModel):
    """How the request proves who asks: by a secret of the settings, never by one in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: str = Field(pattern=_NAME, description="name of a secret in `dialog.actions.secrets`")
    scheme: Literal["bearer", "basic", "header"] = Field(
        default="bearer", description="`basic`: the secret is `user:password`; `header`: it is the value of `header`"
    )
    header: str = Field(default="X-Api-Key", pattern=r"^[A-Za-z0-9-]+$", description="with the scheme `header`")


class Mock(BaseModel):
    """The answer in tests, and where `dialog.actions.mock` is on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int = Field(default=200, ge=100, le=599)
    body: Any = None
    delay_ms: int = Field(default=0, ge=0, le=60_000)


class Values(Protocol):
    """Where a request's values come from: a turn of a run, or a run of a workflow."""

    def render(self, wording: dict[str, str]) -> str:
        """A text with its `{{variables}}` filled in."""

    def evaluate(self, expression: str) -> Any:
        """The value of CEL. Raises `ExpressionError`."""


class Request(BaseModel):
    """One request, in a block or in a step of a workflow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str = Field(
        description="https://host/path with `{{variables}}` in path and query; the host must be listed in "
        "`dialog.actions.allowed_hosts`"
    )
    auth: Auth | None = None
    headers: dict[str, str] = Field(default_factory=dict, max_length=20)
    query: dict[str, str] = Field(default_factory=dict, max_length=20, description="values may hold `{{variables}}`")
    body: Any = Field(default=None, description="sent as JSON; strings may be `= CEL` or hold `{{variables}}`")
    retries: int = Field(
        default=0, ge=0, le=3, description="further tries, with back-off; POST and PATCH need `idempotent: true` for it"
    )
    idempotent: bool = Field(
        default=False, description="the system takes an `Idempotency-Key`, so a repeated request counts once"
    )
    extract: dict[str, str] = Field(
        default_factory=dict, max_length=30, description="attribute → path in the JSON answer, like `items[0].price`"
    )
    max_kb: int = Field(default=256, ge=1, le=4096, description="KB of answer that are read at most")
    mock: Mock | None = None

    @field_validator("url")
    @classmethod
    def _host_is_fixed(cls, url: str) -> str:
        if not _AUTHORITY.match(url):
            raise ValueError(
                "a url is http(s)://host/path; host and port are written out, without variables, user or password"
            )
        return url

    @field_validator("extract")
    @classmethod
    def _paths(cls, extract: dict[str, str]) -> dict[str, str]:
        for name, path in extract.items():
            if not re.match(_NAME, name):
                raise ValueError(f"{name!r} is no attribute's name (small letters, digits, _)")
            if not _PATH.fullmatch(path):
                raise ValueError(f"{path!r} is no path; write it like `order.items[0].price`, or `$` for everything")
        return extract

    @property
    def may_repeat(self) -> bool:
        """A second try does no harm."""
        return self.idempotent or self.method in IDEMPOTENT

    def body_expressions(self) -> dict[str, str]:
        """Computed parts of the body."""
        return expressions_in(self.body, "body")

    def variables(self) -> list[str]:
        """Names in the `{{ }}` of url, query, headers and body."""
        texts = (self.url, *self.query.values(), *self.headers.values(), *_texts(self.body))
        return [name for text in texts for name in variables(text)]

    def asked(self, values: Values, call_id: str, block: str, timeout_s: float) -> Perform:
        """The request with its values; of the secret only the name. Raises `ExpressionError` or ValueError."""
        tries = 1 + (self.retries if self.may_repeat else 0)
        waits = sum(BACK_OFF_S * 2**n for n in range(tries - 1))
        return Perform(
            call_id=call_id,
            kind="http",
            block=block,
            timeout_ms=round(1000 * (timeout_s * tries + waits)),
            mock=self.mock.model_dump() if self.mock else None,
            request={
                "method": self.method,
                "url": _filled(values, self.url),
                "query": {name: values.render({"": text}) for name, text in self.query.items()},
                "headers": {name: values.render({"": text}) for name, text in self.headers.items()},
                "body": computed(values, self.body),
                "auth": self.auth.model_dump() if self.auth else None,
                "timeout_s": timeout_s,
                "tries": tries,
                "idempotent": self.idempotent,
                "extract": self.extract,
                "max_kb": self.max_kb,
            },
        )


class Http(Request, Working):
    """One request. `ok`: 2xx and everything under `extract` found; `timeout`; `http_error`: all else, redirects included.

    Whatever the exit, the attribute `http_status` holds the status of the answer (0 = none came).
    """

    required: ClassVar[frozenset[str]] = frozenset({"ok", "http_error", "timeout"})
    broken: ClassVar[str] = "http_error"
    late: ClassVar[str] = "timeout"
    tells: ClassVar[bool] = True

    type: Literal["http"]

    def assigns(self) -> frozenset[str]:
        """What it extracts."""
        return frozenset(self.extract) | {"http_status"}

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """Everything when it went well, else the status alone."""
        return self.assigns() if exit_name == "ok" else frozenset({"http_status"})

    def reads(self) -> dict[str, list[str]]:
        """Names in url, query and headers."""
        return {"url": self.variables()}

    def expressions(self) -> dict[str, str]:
        """Computed parts of the body."""
        return self.body_expressions()

    def work(self, turn: Turn, call_id: str) -> Perform:
        """The request with its values; of the secret only the name."""
        return self.asked(turn, call_id, turn.state.block, self.timeout_s)

    def came_back(self, turn: Turn, result: Performed) -> None:
        """Business data is the second layer of a decision."""
        turn.set({"http_status": 0, **result.values})
        layers.add_data(turn, turn.state.block, result.outcome, result.ms)


def _filled(values: Values, url: str) -> str:
    """The url with its variables, each one segment and nothing more. Raises ValueError for what would leave its place."""

    def value_of(match: re.Match[str]) -> str:
        value = values.render({"": match.group(0)})
        if value in ("", ".", ".."):
            raise ValueError("a variable of the url is empty, or leads elsewhere")
        return quote(value, safe="")

    return _VARIABLE.sub(value_of, url)


def computed(values: Values, tree: Any) -> Any:
    """A tree of values with `= CEL` strings evaluated and `{{variables}}` filled in."""
    if isinstance(tree, dict):
        return {key: computed(values, item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [computed(values, item) for item in tree]
    if isinstance(tree, str):
        return values.evaluate(tree[1:].strip()) if tree.startswith("=") else values.render({"": tree})
    return tree


def _texts(tree: Any) -> list[str]:
    """The strings of a tree that are no expressions."""
    if isinstance(tree, dict | list):
        return [text for item in (tree.values() if isinstance(tree, dict) else tree) for text in _texts(item)]
    return [tree] if isinstance(tree, str) and not tree.startswith("=") else []


def expressions_in(tree: Any, place: str) -> dict[str, str]:
    """The `= CEL` strings of such a tree, by place."""
    if isinstance(tree, dict):
        return {k: v for key, item in tree.items() for k, v in expressions_in(item, f"{place}.{key}").items()}
    if isinstance(tree, list):
        return {k: v for index, item in enumerate(tree) for k, v in expressions_in(item, f"{place}.{index}").items()}
    return {place: tree[1:].strip()} if isinstance(tree, str) and tree.startswith("=") else {}
