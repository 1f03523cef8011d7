"""What goes over a socket: frames around the bodies, and their bytes."""

from __future__ import annotations

import msgspec

from session.wire.commands import LegCommand
from session.wire.events import LegEvent
from session.wire.inference import InferenceCommand
from session.wire.values import LegSnapshot, WorkerKind

PROTOCOL_VERSION = 5


class Message(msgspec.Struct, tag_field="k", kw_only=True, omit_defaults=True, frozen=True):
    """Base of all messages; `k` names the type on the wire."""


class Hello(Message, tag="hello", kw_only=True, frozen=True):
    """First message of a connecting process. `incarnation` changes with every process start."""

    version: int = PROTOCOL_VERSION
    worker_id: str
    kind: WorkerKind
    incarnation: str
    pid: int
    capacity: int = 0
    legs: list[LegSnapshot] = []


class Reply(Message, tag="reply", kw_only=True, frozen=True):
    """Ends a request. `error` is a sentence for the log when `ok` is false; `refused`: and that is nothing unusual."""

    request_id: int
    ok: bool
    error: str = ""
    refused: bool = False
    body: msgspec.Raw = msgspec.Raw(b"\xc0")


class Chunk(Message, tag="chunk", kw_only=True, frozen=True):
    """One part of an answer, ahead of its `Reply`: a clause of speech, or what a voice conveyed."""

    request_id: int
    body: msgspec.Raw


class Cancel(Message, tag="cancel", kw_only=True, frozen=True):
    """The asker no longer wants `request_id`; work not yet started is dropped, no Reply is owed."""

    request_id: int


class Ack(Message, tag="ack", kw_only=True, frozen=True):
    """App → worker: all reports up to and including `seq` are committed."""

    seq: int


class Request(Message, tag="request", kw_only=True, frozen=True):
    """A numbered request holding one of the bodies of `commands` or `inference`."""

    request_id: int
    body: Body


class Report(Message, tag="report", kw_only=True, frozen=True):
    """Leg worker → app: something happened on a leg, at UTC epoch ms `at`."""

    seq: int
    at: int
    event: LegEvent


Body = LegCommand | InferenceCommand
Wire = Hello | Reply | Chunk | Cancel | Ack | Request | Report

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Wire] = msgspec.msgpack.Decoder(Wire)


def encode(message: Wire) -> bytes:
    """Message → msgpack bytes (no length prefix)."""
    return _encoder.encode(message)


def decode(data: bytes | memoryview) -> Wire:
    """Msgpack bytes → message. Raises `msgspec.ValidationError` naming the field that is wrong."""
    return _decoder.decode(data)


def pack(body: msgspec.Struct | None) -> msgspec.Raw:
    """A reply or chunk body as raw msgpack."""
    return msgspec.Raw(_encoder.encode(body))
