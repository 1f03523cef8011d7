"""Which numbers may be called, and how they are reached."""

from __future__ import annotations

import re
from collections.abc import Sequence

import phonenumbers

from server.calls.options import CallOptions

_SPACING = re.compile(r"[\s().\-/]")
_DIGITS = re.compile(r"\+?[0-9]{3,15}")
SHOWN = 3  # digits of a number that records show


class NotAllowed(ValueError):
    """The number is none, or no rule lets it be called. The text holds no number."""


def normal(number: str, region: str) -> str:
    """`0049 30/123456`, or in region DE `030 123456`, as `+4930123456`; an extension as its digits. Raises `NotAllowed`."""
    digits = _SPACING.sub("", number)
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not _DIGITS.fullmatch(digits):
        raise NotAllowed("this is no telephone number")
    if digits.startswith("+") or region:
        try:
            parsed = phonenumbers.parse(digits, region or None)
        except phonenumbers.NumberParseException:
            raise NotAllowed("this is no telephone number") from None
        if phonenumbers.is_possible_number(parsed):
            return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
        if digits.startswith("+"):
            raise NotAllowed("there is no number of this length")
    return digits


def masked(number: str) -> str:
    """For records: `…456`."""
    return f"…{number[-SHOWN:]}"


def same(one: str, other: str, region: str) -> bool:
    """Are these two spellings of one number?"""
    try:
        return normal(one, region) == normal(other, region)
    except NotAllowed:
        return False


def target(number: str, options: CallOptions) -> str:
    """The SIP address by which an allowed number is reached. Raises `NotAllowed`."""
    wanted = normal(number, options.region)
    if not options.trunk:
        raise NotAllowed("no trunk is set up (calls.trunk), so no number can be called")
    if _any(wanted, options.numbers_refused) or not _any(wanted, options.numbers_allowed):
        raise NotAllowed("no rule allows this number (calls.numbers_allowed)")
    return options.trunk.replace("{number}", wanted)


def address(uri: str, options: CallOptions) -> str:
    """The SIP address of a transfer, as it is: a refused number is not reached by writing the trunk's address oneself.

    Everything else about addresses is for `sip.dial_allowed` to say, in the worker. Raises `NotAllowed`.
    """
    user, _, place = uri.strip().partition(":")[2].rpartition("@")
    trunk_user, _, trunk_place = options.trunk.partition(":")[2].rpartition("@")
    if not trunk_place or _host(place) != _host(trunk_place):
        return uri
    before, _, after = trunk_user.partition("{number}")
    number = user.removeprefix(before).removesuffix(after)
    try:
        spellings = {number, normal(number, options.region)}
    except NotAllowed:
        spellings = {number}
    if any(_any(spelling, options.numbers_refused) for spelling in spellings):
        raise NotAllowed("this number is refused (calls.numbers_refused)")
    return uri


def _host(place: str) -> str:
    return re.split("[:;]", place)[0].lower()


def _any(number: str, patterns: Sequence[str]) -> bool:
    return any(number.startswith(pattern[:-1]) if pattern.endswith("*") else number == pattern for pattern in patterns)
