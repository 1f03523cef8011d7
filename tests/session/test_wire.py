"""Every message survives the wire; what is malformed is refused, naming the field."""

from __future__ import annotations

import typing
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session import wire


def members(union: Any) -> list[type]:
    return list(typing.get_args(union))


def value(kind: Any) -> Any:
    """Something of a type that is not its default."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is msgspec.Raw:
        return wire.pack(wire.SdpAnswer(sdp="x"))
    if origin is Literal:
        return args[-1]
    if origin is list:
        return [value(args[0])]
    if origin is dict:
        return {value(args[0]): value(args[1])}
    if args:  # a union
        return value(next(one for one in args if one is not type(None)))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return full(kind)
    return {str: "文字", int: 7, float: 0.5, bool: True, bytes: b"\x00\xff"}[kind]


def full(kind: type) -> Any:
    """A message with every field filled."""
    return kind(
        **{name: value(hint) for name, hint in typing.get_type_hints(kind).items() if not name.startswith("__")}
    )


BODIES = members(wire.Body)
EVENTS = members(wire.LegEvent)


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_every_request_body_survives(kind: type) -> None:
    message = wire.Request(request_id=5, body=full(kind))
    assert wire.decode(wire.encode(message)) == message


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_leg_event_survives(kind: type) -> None:
    message = wire.Report(seq=5, at=1_700_000_000_000, event=full(kind))
    assert wire.decode(wire.encode(message)) == message


@pytest.mark.parametrize("kind", [k for k in members(wire.Wire) if k not in (wire.Request, wire.Report)])
def test_every_frame_survives(kind: type) -> None:
    message = full(kind)
    decoded = wire.decode(wire.encode(message))
    assert msgspec.msgpack.encode(decoded) == msgspec.msgpack.encode(message)


def test_a_message_of_a_newer_sender_is_read() -> None:
    """Additive changes: a field that we do not know is passed over, one that is missing takes its default."""
    data = msgspec.msgpack.encode({"k": "report", "seq": 1, "at": 2, "event": {"e": "dtmf", "leg_id": "l",
                                   "digit": "1", "source": "info", "colour": "red"}, "shape": "round"})  # fmt: skip
    assert wire.decode(data) == wire.Report(seq=1, at=2, event=wire.DtmfReceived(leg_id="l", digit="1", source="info"))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"k": "report", "seq": "one", "at": 2, "event": {"e": "dtmf"}}, "seq"),
        ({"k": "report", "seq": 1, "at": 2, "event": {"e": "dtmf", "leg_id": "l", "digit": "1"}}, "source"),
        ({"k": "report", "seq": 1, "at": 2, "event": {"e": "moon"}}, "event"),
        ({"k": "sun"}, "sun"),
        ([1, 2], "object"),
    ],
)
def test_what_is_malformed_is_named(data: Any, named: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=named):
        wire.decode(msgspec.msgpack.encode(data))


@given(st.binary(max_size=200))
def test_noise_is_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        wire.decode(data)
