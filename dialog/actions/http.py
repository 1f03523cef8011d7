"""Requests to business systems: only to listed hosts, never further, within a time limit, with secrets put in last."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
import structlog

from dialog.actions.options import ActionOptions
from dialog.blocks.http import BACK_OFF_S
from dialog.effects import Perform
from dialog.events import Performed

log = structlog.get_logger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole urls, which may hold what callers said

CONNECT_S = 2.0
WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})
MOST_VALUE = 20_000  # characters of JSON that one extracted attribute may have
_STEP = re.compile(r"[A-Za-z_][\w-]*|\[\d+\]")
_PORTS = {"http": 80, "https": 443}
_GZIP_OR_ZLIB = 47  # zlib finds out which of the two it is


class _Bad(Exception):
    """The request cannot be made, or its answer not be used; the text holds neither secrets nor data."""


class HttpActions:
    """All requests of one process. `close` when done."""

    def __init__(
        self,
        options: ActionOptions,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.options = options
        self._transport = transport
        self._sleep = sleep
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def perform(self, work: Perform) -> Performed:
        """Make the request, again where that does no harm. Raises nothing but CancelledError."""
        began = time.perf_counter()
        status, values, outcome, why = 0, dict[str, Any](), "http_error", ""
        try:
            async with asyncio.timeout(work.timeout_ms / 1000):
                status, values = await self._answer(work)
                outcome = "ok"
        except TimeoutError:
            outcome, why = "timeout", "no answer in time"
        except _Bad as error:
            why = str(error)
            found = re.search(r"HTTP (\d+)", why)
            status = int(found.group(1)) if found else 0
        ms = (time.perf_counter() - began) * 1000
        if self.options.mock and work.mock is not None:
            ms = float(work.mock["delay_ms"])  # without waiting: whoever mocks has a clock of their own
            if ms > work.timeout_ms:
                outcome, why, status, values = "timeout", "no answer in time", 0, {}
        log.info("action.http", call=work.call_id, outcome=outcome, status=status, ms=round(ms), why=why)
        values = {**values, "http_status": status}
        return Performed(call_id=work.call_id, outcome=outcome, values=values, why=why or f"HTTP {status}", ms=ms)

    async def open(self) -> httpx.AsyncClient:
        """The connections; the first time in a thread, since reading the certificates takes some 100 ms."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._new_client)
            return self._client

    def _new_client(self) -> httpx.AsyncClient:
        count = self.options.connections
        return httpx.AsyncClient(
            transport=self._transport,
            follow_redirects=False,  # a listed host must not send us to one that is not
            trust_env=False,  # neither proxies nor .netrc of whoever started us
            limits=httpx.Limits(max_connections=count, max_keepalive_connections=count),
            timeout=httpx.Timeout(30.0, connect=CONNECT_S),
        )

    async def pause(self, seconds: float) -> None:
        """Wait before another try."""
        await self._sleep(seconds)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _answer(self, work: Perform) -> tuple[int, dict[str, Any]]:
        """Status and extracted values. Raises `_Bad`, or TimeoutError when the last try got no answer."""
        request = work.request
        if self.options.mock:
            if work.mock is None:
                raise _Bad("the block has no mock")
            return _used(request, work.mock["status"], json.dumps(work.mock["body"]).encode())
        checked(request["url"], self.options.allowed_hosts)
        headers = self._headers(request, work.call_id)
        for left in range(request["tries"] - 1, -1, -1):
            try:
                status, body = await self._once(request, headers)
                if status not in WORTH_ANOTHER_TRY or not left:
                    return _used(request, status, body)
            except (httpx.TransportError, TimeoutError) as error:
                if not left:
                    if isinstance(error, httpx.TimeoutException | TimeoutError):
                        raise TimeoutError from None
                    raise _Bad(f"cannot be reached ({type(error).__name__})") from None
            except httpx.HTTPError as error:
                raise _Bad(f"not usable ({type(error).__name__})") from None
            tried = request["tries"] - left
            await self._sleep(BACK_OFF_S * 2 ** (tried - 1) * random.uniform(0.5, 1))
        raise _Bad("no try was left")

    async def _once(self, request: Mapping[str, Any], headers: dict[str, str]) -> tuple[int, bytes]:
        client = await self.open()
        limit = request["max_kb"] * 1024
        async with (
            asyncio.timeout(request["timeout_s"]),
            client.stream(
                request["method"],
                request["url"],
                params=request["query"] or None,
                headers=headers,
                json=request["body"],
            ) as response,
        ):
            body = Unpacked(response.headers.get("Content-Encoding", ""), limit)
            async for chunk in response.aiter_raw():
                body.take(chunk)
                if body.full:
                    raise _Bad(f"the answer is larger than {request['max_kb']} KB (HTTP {response.status_code})")
            return response.status_code, body.whole()

    def _headers(self, request: Mapping[str, Any], call_id: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **request["headers"]}
        if any("\n" in value or "\r" in value for value in headers.values()):
            raise _Bad("a header would hold a line break")
        if request["idempotent"]:
            headers["Idempotency-Key"] = call_id
        auth = request["auth"]
        if auth is None:
            return headers
        secret = self.options.secrets.get(auth["secret"])
        if secret is None:
            raise _Bad(f"there is no secret {auth['secret']!r} in dialog.actions.secrets")
        value = secret.get_secret_value()
        if auth["scheme"] == "header":
            headers[auth["header"]] = value
        elif auth["scheme"] == "bearer":
            headers["Authorization"] = f"Bearer {value}"
        else:
            user, _, password = value.partition(":")
            headers["Authorization"] = httpx.BasicAuth(user, password)._auth_header
        return headers


class Unpacked:
    """An answer as it comes in, unpacked no further than the limit: a few KB on the line may be gigabytes in memory."""

    def __init__(self, encoding: str, limit: int) -> None:
        """`limit`: bytes that are wanted at most. Raises an error for an encoding that nobody asked for."""
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise _Bad(f"the answer is packed as {encoding[:20]!r}, which was not asked for")
        self._unpack = None if encoding in ("", "identity") else zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
        self._limit = limit
        self._body = bytearray()

    def take(self, chunk: bytes) -> None:
        """The next part of what came over the line. Raises an error for what cannot be unpacked."""
        if self._unpack is None:
            self._body += chunk[: self._limit + 1]
            return
        try:
            self._body += self._unpack.decompress(chunk, max(1, self._limit + 1 - len(self._body)))
        except zlib.error:
            raise _Bad("the answer cannot be unpacked") from None

    @property
    def full(self) -> bool:
        """There is more than was wanted."""
        return len(self._body) > self._limit

    def whole(self) -> bytes:
        """All of it. Raises an error when its end is missing."""
        if self._unpack is not None and not self._unpack.eof:
            raise _Bad("the answer is cut off")
        return bytes(self._body)


def checked(url: str, allowed: list[str]) -> None:
    """Raises an error that names the host, if no entry of `allowed` covers scheme, host and port of the url."""
    parts = urlsplit(url)
    if not any(_covers(entry, parts) for entry in allowed):
        raise _Bad(f"the host {parts.hostname} is not in dialog.actions.allowed_hosts (for {parts.scheme})")


def _covers(entry: str, parts: SplitResult) -> bool:
    scheme, _, rest = entry.rpartition("://")
    listed = urlsplit(f"//{rest}")
    host, wanted = (parts.hostname or "").lower(), (listed.hostname or "").lower()
    scheme = scheme or "https"
    if parts.scheme != scheme or (parts.port or _PORTS.get(parts.scheme)) != (listed.port or _PORTS[scheme]):
        return False
    return host.endswith(wanted[1:]) and host != wanted[2:] if wanted.startswith("*.") else host == wanted


def _used(request: Mapping[str, Any], status: int, body: bytes) -> tuple[int, dict[str, Any]]:
    """What is taken from the answer. Raises `_Bad`."""
    if not 200 <= status < 300:
        raise _Bad(f"HTTP {status}")
    if not request["extract"]:
        return status, {}
    try:
        tree = json.loads(body)
    except ValueError:
        raise _Bad(f"the answer is no JSON (HTTP {status})") from None
    values = {}
    for name, path in request["extract"].items():
        values[name] = value = found(tree, path)
        if len(json.dumps(value)) > MOST_VALUE:
            raise _Bad(f"what {path!r} leads to is too large (HTTP {status})")
    return status, values


def found(tree: Any, path: str) -> Any:
    """The value at a path like `a.b[0].c`; `$` is everything. Raises an error that names the path."""
    value = tree
    for step in _STEP.findall(path.removeprefix("$")):
        key: Any = int(step[1:-1]) if step.startswith("[") else step
        try:
            value = value[key] if isinstance(value, list if isinstance(key, int) else dict) else None
        except (KeyError, IndexError):
            value = None
        if value is None:
            raise _Bad(f"the answer has nothing at {path!r}")
    return value
