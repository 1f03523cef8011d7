"""Whether a real call went as a scenario says, by what the server's API tells of it afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dialog.flow import Flow
from dialog.flowtest import Moment, Scenario


@dataclass(frozen=True, slots=True)
class Call:
    """What a call left behind: its events, and the conversation with attributes, language and level."""

    events: list[dict[str, Any]]
    flow: Flow
    conversation: dict[str, Any] = field(default_factory=dict)

    @property
    def prompts(self) -> list[str]:
        """What the bot said."""
        return [e["payload"]["text"] for e in self.events if e["type"] == "bot.said" and e["payload"]["text"]]

    @property
    def blocks(self) -> list[str]:
        """Those that were left, and the one that the last of them led to (an `end` is never left)."""
        left = [e["payload"] for e in self.events if e["type"] == "decision"]
        last = self.flow.blocks.get(left[-1]["block"]) if left else None
        target = last.exits.get(left[-1]["exit"]) if last else None
        target = target or (self.flow.handlers.targets().get(left[-1]["exit"]) if left else None)
        return [step["block"] for step in left] + ([target] if target else [])

    @property
    def attributes(self) -> dict[str, Any]:
        """What the flow made known, as the conversation keeps it."""
        found: dict[str, Any] = self.conversation.get("context") or {}
        return found

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Payloads of all events of a kind."""
        return [event["payload"] for event in self.events if event["type"] == kind]

    @property
    def talk(self) -> list[str]:
        """For people."""
        return list(self._lines())

    def _lines(self) -> Iterator[str]:
        for event in self.events:
            payload = event["payload"]
            if event["type"] == "utterance.final":
                yield f"{payload['role']}: {payload['text']}"
            elif event["type"] == "bot.said":
                yield f"bot: {payload['text']}"
                if payload.get("outcome") == "failed":
                    yield f"  (could not be spoken: {payload.get('planned', '')})"
            elif event["type"] == "decision":
                yield f"  {payload['block']} → {payload['exit']} ({payload['why']})"


def wrong(scenario: Scenario, call: Call) -> Moment | None:
    """The first thing that is not as written."""
    rest = iter(call.prompts)
    for number, step in enumerate(scenario.steps, 1):
        if step.expect is not None and not any(step.expect.lower() in words.lower() for words in rest):
            return _moment(number, step.in_words, f"the bot does not say {step.expect!r}, or not in this order", call)
    why = next(_unlike(scenario, call), None)
    return _moment(len(scenario.steps) + 1, "assert", why, call) if why else None


def _unlike(scenario: Scenario, call: Call) -> Iterator[str]:
    """Every assertion that does not hold."""
    expected = scenario.expected
    blocks, spoken = iter(call.blocks), iter(call.prompts)
    if missing := [block for block in expected.visited if block not in blocks]:
        yield f"visited {call.blocks}, not {missing[0]!r}, or not in this order"
    if gone := [block for block in expected.not_visited if block in call.blocks]:
        yield f"visited {gone[0]!r} after all"
    for part in expected.prompts:
        if not any(part.lower() in words.lower() for words in spoken):
            yield f"prompt {part!r} was not said, or not in this order"
    ended = [payload.get("disposition") for payload in call.told("contact.ended")]
    if expected.ended and ended != [expected.ended]:
        yield f"ended is {ended}, not {expected.ended!r}"
    for name, key in (("locale", "language"), ("auth_level", "auth_level")):
        wanted, found = getattr(expected, name), call.conversation.get(key)
        if wanted is not None and wanted != found:
            yield f"{name} is {found!r}, not {wanted!r}"
    for name, value in expected.attributes.items():
        if call.attributes.get(name) != value:
            yield f"attribute {name} is {call.attributes.get(name)!r}, not {value!r}"
    given = [payload["given"] for payload in call.told("consent")]
    if expected.consent is not None and given != [expected.consent == "given"]:
        yield f"consent is {given}, not {expected.consent}"
    joined = call.told("queue.entered")[-1:]
    for name in ("queue", "priority"):
        wanted, found = getattr(expected, name), [payload[name] for payload in joined]
        if wanted is not None and found != [wanted]:
            yield f"{name} is {found}, not {wanted!r}"
    slowest = max((payload["total_ms"] for payload in call.told("turn.ledger")), default=0)
    if expected.latency_ms is not None and slowest > expected.latency_ms:
        yield f"the bot's slowest reply took {slowest:.0f} ms, not at most {expected.latency_ms}"
    if expected.secret and expected.secret in json.dumps([call.conversation, [e["payload"] for e in call.events]]):
        yield "a secret is in an event or in the conversation"


def _moment(number: int, doing: str, why: str, call: Call) -> Moment:
    last = call.blocks[-1] if call.blocks else ""
    return Moment(number, doing, last, why, call.prompts[-3:], call.attributes, call.talk)
