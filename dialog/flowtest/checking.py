"""What must hold at the end of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dialog.effects import Enqueue, GrantConsent, Say

if TYPE_CHECKING:
    from dialog.flowtest.virtual_call import VirtualCall


def check(call: VirtualCall) -> None:
    """Compares. Raises `ScenarioFailed` by the call's `fail`."""
    expected, state = call.scenario.expected, call.state
    for name in ("ended", "locale", "auth_level"):
        wanted, found = getattr(expected, name), getattr(state, name)
        if wanted is not None and wanted != found:
            call.fail(f"{name} is {found!r}, not {wanted!r}")
    visited = call.visited
    rest = iter(visited)
    if not all(block in rest for block in expected.visited):
        call.fail(f"visited {visited}, not {expected.visited}")
    if wrong := [block for block in expected.not_visited if block in visited]:
        call.fail(f"visited {wrong[0]!r} after all")
    spoken = iter(call.prompts)
    for part in expected.prompts:
        if not any(part.lower() in words.lower() for words in spoken):
            call.fail(f"prompt {part!r} was not said, or not in this order")
    for name, value in expected.attributes.items():
        if state.attributes.get(name) != value:
            call.fail(f"attribute {name} is {state.attributes.get(name)!r}, not {value!r}")
    if expected.consent is not None:
        given = [effect.given for effect in call.effects if isinstance(effect, GrantConsent)]
        if given != [expected.consent == "given"]:
            call.fail(f"consent is {given}, not {expected.consent}")
    joined = [effect for effect in call.effects if isinstance(effect, Enqueue)][-1:]
    if expected.priority is not None and [effect.priority for effect in joined] != [expected.priority]:
        call.fail(f"priority is {[effect.priority for effect in joined]}, not {expected.priority}")
    if expected.queue is not None and [effect.queue for effect in joined] != [expected.queue]:
        call.fail(f"queue is {[effect.queue for effect in joined]}, not {expected.queue!r}")
    if expected.latency_ms is not None and call.latency_ms > expected.latency_ms:
        call.fail(f"the bot's slowest reply took {call.latency_ms} ms, not at most {expected.latency_ms}")
    everything: Any = [effect for effect in call.effects if not isinstance(effect, Say)]
    if expected.secret and expected.secret.encode() in call.state.dump() + msgspec.json.encode(everything):
        call.fail("a secret is in the saved state or in an effect")
