"""Rules about giving callers to others: transfers and callbacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialog.blocks.callback import Callback
from dialog.blocks.transfer import Transfer
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.yamlfile import Document, Problem

TARGET = rule(
    "transfer-target", "E", "a transfer's `to` is none of the kind that `target` says",
    "write a number as +49301234567 or as an extension's digits, an address as sip:name@host, names as words of a-z, 0-9, _",
)  # fmt: skip
ITSELF = rule(
    "transfer-itself", "E", "a flow that transfers to itself begins anew for ever", "lead the exit to a block of this flow"
)  # fmt: skip
TOLD = rule(
    "transfer-context", "W", "`context` goes nowhere, since a telephone number takes none", "remove it, or transfer to a SIP address"
)  # fmt: skip
BLIND = rule(
    "transfer-blind-exit", "W", "a blind transfer ends the call, so its exit `connected` is never taken", "remove the exit"
)  # fmt: skip
NUMBER = rule(
    "callback-number", "E", "a callback's `number` is neither `caller`, `ask` nor computed", "write `caller`, `ask` or `= CEL`"
)  # fmt: skip
ASK = rule(
    "callback-ask", "E", "a callback must be able to ask for the number, but has no words for it", "add `ask`, or a number that is computed"
)  # fmt: skip
TIME = rule("callback-at", "E", "a callback's `at` is not computed", "write `= CEL` that gives a time")

_FORMS = {
    "agent": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
    "queue": re.compile(r"[a-z][a-z0-9_]*"),
    "flow": re.compile(r"[a-z][a-z0-9_]*"),
    "number": re.compile(r"\+?[0-9][0-9 ()/.-]{1,24}"),
    "sip": re.compile(r"sips?:[^\s@]+@[^\s@]+"),
}


def _transfers(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Transfer):
            continue
        place = ("blocks", name, "to")
        if not block.to.startswith("=") and "{{" not in block.to and not _FORMS[block.target].fullmatch(block.to):
            yield document.problem(place, f"block {name!r}: {block.to!r} is no {block.target}", TARGET)
        if block.target == "flow" and block.to == flow.id:
            yield document.problem(place, f"block {name!r} transfers to its own flow", ITSELF)
        if block.context and block.target == "number":
            yield document.problem(("blocks", name, "context"), f"block {name!r}: `context` is told to nobody", TOLD)
        if block.mode == "blind" and "connected" in block.exits:
            end = ("blocks", name, "exits", "connected")
            yield document.problem(end, f"block {name!r}: `connected` is never taken", BLIND)


def _callbacks(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Callback):
            continue
        if block.number not in ("caller", "ask") and not block.number.startswith("="):
            yield document.problem(("blocks", name, "number"), f"block {name!r}: number is {block.number!r}", NUMBER)
        if block.number in ("caller", "ask") and block.ask is None:
            yield document.problem(("blocks", name), f"block {name!r}: a withheld number cannot be asked for", ASK)
        if block.at and not block.at.startswith("="):
            yield document.problem(("blocks", name, "at"), f"block {name!r}: at is {block.at!r}", TIME)


CHECKS = (_transfers, _callbacks)
