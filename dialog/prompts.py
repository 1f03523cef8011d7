"""Texts known before anybody calls, so that the app can have them synthesised ahead."""

from __future__ import annotations

from collections.abc import Iterator

from dialog.flow import Flow
from dialog.options import DialogOptions
from dialog.ports import Knowledge
from dialog.text import match_locale, pick, render, variables

_KNOWN = frozenset({"company"})


def static_prompts(flow: Flow, knowledge: Knowledge, options: DialogOptions, locale: str) -> list[str]:
    """Wordings without variables of the call, breadth-first from the start, then the knowledge base's answers."""
    served = match_locale(flow.locales, locale) or flow.locales[0]
    values = {"company": pick(options.company, served)}
    texts: dict[str, None] = {}
    for one in (flow, *flow.subflows.values()):
        for text in _wordings(one, served):
            if set(variables(text)) <= _KNOWN:
                texts[render(text, values, served)] = None
    return [*texts, *knowledge.answers(served)]


def _wordings(flow: Flow, locale: str) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [flow.start, *flow.handlers.targets().values(), *flow.shortcuts.values()]
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in flow.blocks:
            continue
        seen.add(name)
        block = flow.blocks[name]
        yield from (pick(wording, locale) for wording in block.wordings().values())
        waiting += block.exits.values()
