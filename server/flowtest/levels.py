"""Which scenarios can be played at which level, and why others cannot."""

from __future__ import annotations

from dialog.flowtest import Level, Scenario

_VIRTUAL = ("queue", "agent", "transfer", "restart", "fail", "upload", "wait")


def why_not(scenario: Scenario, level: Level) -> str:
    """Why it cannot be played; empty when it can."""
    if level not in scenario.levels:
        return f"its levels are {', '.join(scenario.levels)}"
    if level == "text":
        return ""
    if scenario.given.channel == "chat":
        return "a chat has no sound"
    for number, step in enumerate(scenario.steps, 1):
        name = step.actions()[0]
        if step.emotion is not None:
            return f"step {number}: how the caller sounds is said, not heard (`emotion`)"
        if step.confidence != type(step).model_fields["confidence"].default:
            return f"step {number}: what the recogniser is sure of is its own matter (`confidence`)"
        if level == "sip":
            if name in _VIRTUAL:
                return f"step {number}: `{name}` needs the virtual call"
            if name == "barge_in":
                return f"step {number}: a phone does not know which prompt sounds (`barge_in`)"
            if name == "text":
                return f"step {number}: a phone writes no chat"
            if name == "not_expect":
                return f"step {number}: events tell what was said, not when (`not_expect`)"
    given = scenario.given
    if level == "sip":
        for name in ("http", "actions", "hours", "queues", "customers", "uploads"):
            if getattr(given, name):
                return f"`given.{name}` cannot be given to a real call"
        for name in ("clock", "called", "policy", "seed", "callbacks"):
            if name in given.model_fields_set:
                return f"`given.{name}` cannot be given to a real call"
        if scenario.expected.ended == "":
            return "a real call ends, if only because the caller hangs up (`assert.ended`)"
    return ""
