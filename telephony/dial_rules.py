"""Which targets a call may be placed to. Nothing is dialled unless a rule lets it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_URI = re.compile(
    r"""^(?P<scheme>sips?):
        (?:(?P<user>[A-Za-z0-9._~+*\#!$&'(),=%-]{1,128})@)?
        (?P<host>[A-Za-z0-9.-]{1,253})
        (?::(?P<port>\d{1,5}))?
        (?P<params>(?:;[A-Za-z0-9._-]{1,32}(?:=[A-Za-z0-9._:-]{1,128})?)*)$""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SipUri:
    """The parts of a SIP URI that rules look at; host and parameters in lower case."""

    scheme: str
    user: str
    host: str
    port: int | None
    params: tuple[str, ...]

    @property
    def place(self) -> str:
        """host or host:port."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


def parse_uri(text: str) -> SipUri:
    """`sip:user@host:port;transport=tcp` → parts. No headers, no passwords, no IPv6 (the library has none).

    Raises ValueError with what is wrong.
    """
    match = _URI.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no SIP address; write it like sip:name@host or sip:name@host:5060;transport=tcp")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"{text!r}: port {port} is outside 1…65535")
    params = tuple(part.lower() for part in match["params"].split(";") if part)
    return SipUri(match["scheme"].lower(), match["user"] or "", match["host"].lower(), port, params)


def _matches(rule: SipUri, target: SipUri) -> bool:
    if rule.scheme != target.scheme or rule.host != target.host or (rule.port or 5060) != (target.port or 5060):
        return False
    pattern = ".*".join(re.escape(part) for part in rule.user.split("*"))
    return re.fullmatch(pattern, target.user) is not None


def check_target(target: str, *, agents_at: str, allowed: Iterable[str]) -> SipUri:
    """The target's parts when a rule allows it: an agent of the edge (`agents_at` = host or host:port), or one of `allowed`.

    A `*` in an allowed user part stands for any characters. Parameters that would send the call elsewhere (`maddr`,
    `route`, `received`) are refused. Raises ValueError with a sentence otherwise.
    """
    uri = parse_uri(target)
    if any(param.split("=")[0] not in ("transport", "user", "ob", "lr") for param in uri.params):
        raise ValueError(f"{target!r} carries a parameter that is not allowed; only transport= and user= are")
    if agents_at and uri.user and "*" not in uri.user:
        edge = parse_uri(f"sip:x@{agents_at}")
        if (uri.host, uri.port or 5060) == (edge.host, edge.port or 5060):
            return uri
    if any(_matches(parse_uri(rule), uri) for rule in allowed):
        return uri
    raise ValueError(
        f"no rule allows a call to {uri.scheme}:…@{uri.place}; add the address to the setting sip.dial_allowed"
    )
