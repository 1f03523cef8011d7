"""Rules about what must stay private: recording, consent before biometrics, secrets in the file; and what a turn costs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialog import cel
from dialog.blocks.action import Action
from dialog.blocks.collect import Collect
from dialog.blocks.consent import Consent
from dialog.blocks.converse import Converse
from dialog.blocks.http import Http
from dialog.blocks.media import Media
from dialog.blocks.verify import Verify
from dialog.flow import Flow
from dialog.paths import reach
from dialog.rulebook import rule
from dialog.text import locale_of, variables
from dialog.yamlfile import Document, Place, Problem

RECORDED = rule(
    "sensitive-recorded", "E", "a sensitive value is collected on a path on which the call is recorded",
    "pause it before by a media block with `record: pause`, and start it again after",
)  # fmt: skip
SAID = rule(
    "sensitive-said", "E", "a sensitive value is said, or kept as another attribute",
    "leave it out; only http and action with a table may read it, by `= CEL`: runs of workflows are stored",
)  # fmt: skip
VERIFY_EARLY = rule(
    "verify-before-consent", "E", "callers are verified before they were asked for a consent that the flow asks for",
    "lead through the consent block first",
)  # fmt: skip
ANALYSIS_EARLY = rule(
    "analysis-before-consent", "E", "analysis of the voice is switched on where consent was not asked yet", "ask before"
)
SECRET = rule(
    "secret-literal", "E", "a password, key or token is written into the file, where everybody who reads flows reads it",
    "name a secret of the installation instead (`auth: {secret: name}`), or an attribute",
)  # fmt: skip
NO_MOCK = rule(
    "http-without-mock", "W", "a request has no `mock`, so tests without a backend cannot pass it", "add `mock`"
)
COST = rule(
    "cost-per-turn",
    "W",
    "an answer of the caller costs more than the flow's budget",
    "use fewer models and requests in a row, or raise `turn_budget_cents`",
)

_KEY = re.compile(
    r"(pass(word|wd|phrase)|secret|token|api[-_]?key|authorization|private[-_]?key|credential)s?$", re.IGNORECASE
)
_REFERENCE = re.compile(r"^\s*(=|\{\{|[a-z][a-z0-9_.-]{0,40}\s*$)")
_TOKEN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"
    r"|\bAIza[0-9A-Za-z_-]{30,}|\b(?:Bearer|Basic)\s+[A-Za-z0-9+/_=.-]{12,}|://[^/\s:@{}]+:[^/\s:@{}]+@"
    r"|[?&](?:api_?key|token|secret|password|access_token)=[^&{\s]{6,}",
    re.IGNORECASE,
)
_MODEL, _REQUEST, _SEARCH, _SPEECH = 1.0, 0.1, 0.02, 0.01
"""Cents, roughly: a model's answer, a request to a business system, a search of the knowledge, a spoken prompt."""
_MOST_HOPS = 20  # blocks in a row without the caller; more is a loop, which is a rule of its own


def _recorded(flow: Flow, document: Document) -> Iterator[Problem]:
    sensitive = [name for name, block in flow.blocks.items() if isinstance(block, Collect) and block.sensitive]
    if not sensitive:
        return
    begins = [] if flow.asks_to_record else [flow.start]
    for block in flow.blocks.values():
        if isinstance(block, Consent) and "recording" in block.purposes:
            begins += block.ways("given")
        if isinstance(block, Media) and block.record == "start":
            begins += block.ways("next")
    stops = {n for n, b in flow.blocks.items() if isinstance(b, Media) and b.record in ("pause", "stop")}
    recorded = reach(flow, begins, stop=stops)
    for name in sensitive:
        if name in recorded:
            message = f"block {name!r}: a sensitive value is collected while the call may be recorded"
            yield document.problem(("blocks", name, "sensitive"), message, RECORDED)


def _said(flow: Flow, document: Document) -> Iterator[Problem]:
    slots = {block.slot for block in flow.blocks.values() if isinstance(block, Collect) and block.sensitive}
    for name, block in flow.blocks.items() if slots else ():
        for parameter, wording in block.wordings().items():
            for key, text in wording.items():
                if found := slots & {variable.split(".")[0] for variable in variables(text)}:
                    place: Place = ("blocks", name, *parameter.split("."), *locale_of(key)[1])
                    message = f"block {name!r}: {parameter} says {sorted(found)[0]!r}, which is sensitive"
                    yield document.problem(place, message, SAID)
        if block.sees_private and not (isinstance(block, Action) and block.workflow):
            continue
        for parameter, expression in block.expressions().items():
            if found := slots & set(cel.names(expression)):
                message = f"block {name!r}: {parameter} reads {sorted(found)[0]!r}, which is sensitive"
                yield document.problem(("blocks", name, *parameter.split(".")), message, SAID)


def _consent_first(flow: Flow, document: Document) -> Iterator[Problem]:
    asking = {n: set(b.purposes) for n, b in flow.blocks.items() if isinstance(b, Consent)}
    general = {name for name, purposes in asking.items() if purposes & {"recording"}}
    before_any = reach(flow, [flow.start], stop=general) - general if general else set[str]()
    before_mood = reach(flow, [flow.start], stop={n for n, p in asking.items() if "emotion" in p})
    for name, block in flow.blocks.items():
        if isinstance(block, Verify) and name in before_any and not _only_chat(flow, name, general):
            message = f"block {name!r}: verifies before consent to recording was asked"
            yield document.problem(("blocks", name), message, VERIFY_EARLY)
        if isinstance(block, Media) and block.analysis and name in before_mood and not asking.get(name):
            message = f"block {name!r}: analysis of the voice before consent to it was asked"
            yield document.problem(("blocks", name, "analysis"), message, ANALYSIS_EARLY)


def _only_chat(flow: Flow, name: str, general: set[str]) -> bool:
    """Nothing is recorded in a chat: a branch by channel may lead around the question."""
    around = {n for n, b in flow.blocks.items() if any("channel" in text for text in b.expressions().values())}
    around |= {n for n, b in flow.blocks.items() if any("@" in exit_name for exit_name in b.exits)}
    return name not in reach(flow, [flow.start], stop=general | around)


def _secrets(flow: Flow, document: Document) -> Iterator[Problem]:
    for place, value in _strings(document.data, ()):
        if place[:1] == ("layout",):
            continue
        key = next((str(step) for step in reversed(place) if isinstance(step, str)), "")
        name = ".".join(str(step) for step in place)
        if _TOKEN.search(value):
            yield document.problem(place, f"{name}: holds what looks like a key or token", SECRET)
        elif _KEY.search(key) and len(value) >= 4 and not _REFERENCE.match(value) and _in_request(place, flow):
            yield document.problem(place, f"{name}: holds a secret as it is", SECRET)


def _in_request(place: Place, flow: Flow) -> bool:
    block = flow.blocks.get(str(place[1])) if len(place) > 1 and place[0] == "blocks" else None
    return block is not None and block.type in ("http", "action", "converse", "transfer")


def _strings(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*place, index))
    elif isinstance(value, str):
        yield place, value


def _mocks(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if isinstance(block, Http) and block.mock is None:
            yield document.problem(("blocks", name), f"block {name!r}: has no mock", NO_MOCK)


def _cost(flow: Flow, document: Document) -> Iterator[Problem]:
    """The dearest way from one answer of the caller to the next."""
    prices = {name: _price(flow, name) for name in flow.blocks}
    costs = dict(prices)  # from the block until the caller has a say again
    for _ in range(_MOST_HOPS):
        for name, block in flow.blocks.items():
            ways = [0.0]
            for target in block.exits.values():
                if target in flow.blocks:
                    ways.append(prices[target] if flow.blocks[target].hears else costs[target])
            costs[name] = prices[name] + max(ways)
    for name, block in flow.blocks.items():
        if (block.hears or name == flow.start) and costs[name] > flow.turn_budget_cents:
            message = (
                f"block {name!r}: an answer costs about {costs[name]:.2f} cents until the next one, "
                f"turn_budget_cents is {flow.turn_budget_cents:.2f}"
            )
            yield document.problem(("blocks", name), message, COST)


def _price(flow: Flow, name: str) -> float:
    block = flow.blocks[name]
    if isinstance(block, Converse) and block.agent == "model":
        return _MODEL + _SPEECH
    if block.type in ("http", "action"):
        return _REQUEST * (1 + getattr(block, "retries", 0))
    return _SEARCH + _SPEECH if block.type == "answer" else _SPEECH if block.wordings() else 0.0


CHECKS = (_recorded, _said, _consent_first, _secrets, _mocks, _cost)
