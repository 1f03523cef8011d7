"""What the app is told of an INVITE: a few headers, never the whole message."""

from __future__ import annotations

import re

KEPT = frozenset(
    {
        "user-agent",
        "p-asserted-identity",
        "p-preferred-identity",
        "diversion",
        "history-info",
        "privacy",
        "accept-language",
        "call-id",
    }
)
MAX_HEADERS = 32
MAX_VALUE = 256  # characters

_NAME_ADDR = re.compile(r'^\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^<"]*?))\s*<(?P<uri>[^>]*)>')


_TOKEN = re.compile(r"^[A-Za-z0-9!%*_+`'~.-]{1,64}$")


def check_headers(headers: dict[str, str]) -> None:
    """Headers that the app wants to send: `X-…` and identity headers of one line. Raises ValueError naming the bad one."""
    for name, value in headers.items():
        allowed = name.lower().startswith("x-") or name.lower() in KEPT - {"call-id", "user-agent"}
        if not allowed or not _TOKEN.match(name):
            raise ValueError(f"header {name!r} may not be set on a call; X-… headers may")
        if len(value) > MAX_VALUE or any(ord(char) < 32 for char in value):
            raise ValueError(f"header {name!r} must be one line of at most {MAX_VALUE} characters")


def from_header(display_name: str, uri: str) -> str:
    """A From header's value; control characters are dropped and quotes escaped."""
    name = "".join(char for char in display_name if ord(char) >= 32)[:64].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{uri}>' if name else uri


def split_name_addr(value: str) -> tuple[str, str]:
    """`"Ann" <sip:ann@x>;tag=1` → ("Ann", "sip:ann@x"); a bare URI has no name."""
    match = _NAME_ADDR.match(value)
    if match is None:
        return "", value.split(";", 1)[0].strip()
    name = match["quoted"]
    if name is not None:
        return re.sub(r"\\(.)", r"\1", name), match["uri"]
    return (match["token"] or "").strip(), match["uri"]


def pick_headers(message: str) -> dict[str, str]:
    """The identity headers and all `X-…` of a SIP message, folded lines joined, at most 32 of 256 characters."""
    head = message.replace("\r\n", "\n").split("\n\n", 1)[0]
    head = re.sub(r"\n[ \t]+", " ", head)
    picked: dict[str, str] = {}
    for line in head.split("\n")[1:]:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not (name.lower() in KEPT or name.lower().startswith("x-")):
            continue
        picked.setdefault(name, value.strip()[:MAX_VALUE])
        if len(picked) >= MAX_HEADERS:
            break
    return picked
