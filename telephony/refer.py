"""What a REFER asks for (RFC 3515), read strictly: who sent it, and the one address to which a call is to go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from telephony.dial_rules import parse_uri

MAX_ADDRESS = 512  # characters
_COMPACT = {"i": "call-id", "f": "from", "t": "to", "r": "refer-to"}
_TAG = re.compile(r";\s*tag\s*=\s*([A-Za-z0-9.!%*_+`'~-]{1,128})", re.IGNORECASE)
_ADDRESS = re.compile(
    r'\s*(?:"(?:[^"\\]|\\.)*"|[^<>",;]*?)\s*<\s*(?P<angled>[^<>\s]+)\s*>\s*(?:;[^,<>]*)?|\s*(?P<bare>[^<>\s,;?]+)\s*(?:;[^,<>]*)?'
)
_TEL = re.compile(r"tel:(\+?[0-9][0-9.()-]{0,30})((?:;[A-Za-z0-9.=+%-]+)*)", re.IGNORECASE)
_CSEQ = re.compile(r"\s*(\d{1,10})\s+REFER\s*")


class Malformed(ValueError):
    """The REFER is none. The text holds no address."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """Of which call a request says it is; `ours` and `theirs` are the tags."""

    call_id: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Refer:
    """`to`: a `sip:`, `sips:` or `tel:` address without headers. `attended`: another call is to be replaced by it."""

    to: str
    attended: bool
    number: int
    """CSeq, by which several REFERs of one call are told apart."""


def dialog_of(message: str) -> Dialog | None:
    """None for a request outside a call."""
    headers = dict(_headers(message))
    ours, theirs = (_TAG.search(headers.get(name, "").rpartition(">")[2]) for name in ("to", "from"))
    if not headers.get("call-id") or ours is None or theirs is None:
        return None
    return Dialog(headers["call-id"], ours[1], theirs[1])


def read_refer(message: str) -> Refer:
    """Raises `Malformed`."""
    headers = list(_headers(message))
    named = [value for name, value in headers if name == "refer-to"]
    if len(named) != 1:
        raise Malformed("it must have one Refer-To" if named else "it has no Refer-To")
    number = _CSEQ.fullmatch(dict(headers).get("cseq", ""))
    if number is None:
        raise Malformed("its CSeq is none")
    usual = len(named[0]) <= MAX_ADDRESS and named[0].isascii()
    found = _ADDRESS.fullmatch(named[0]) if usual else None
    if found is None:
        raise Malformed("its Refer-To is no single address of ordinary length")
    uri, _, wanted = (found["angled"] or found["bare"]).partition("?")
    replaced = [name for name in (part.partition("=")[0].lower() for part in wanted.split("&")) if name == "replaces"]
    return Refer(_address(uri), bool(replaced), int(number[1]))


def _address(uri: str) -> str:
    if (tel := _TEL.fullmatch(uri)) is not None:
        return "tel:" + re.sub(r"[.()-]", "", tel[1])
    plain = ";".join(part for part in uri.split(";") if part.lower() != "method=invite")
    try:
        parsed = parse_uri(plain)
    except ValueError:
        raise Malformed("its Refer-To is no SIP or telephone address") from None
    if any(param.startswith("method=") for param in parsed.params):
        raise Malformed("its Refer-To asks for something else than a call")
    if not unquote(parsed.user).isprintable():
        raise Malformed("its Refer-To has characters that no name has")
    return plain


def _headers(message: str) -> Iterator[tuple[str, str]]:
    """Names in lower case and in full, folded lines joined."""
    head = message.replace("\r\n", "\n").split("\n\n", 1)[0]
    for line in re.sub(r"\n[ \t]+", " ", head).split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            short = name.strip().lower()
            yield _COMPACT.get(short, short), value.strip()
