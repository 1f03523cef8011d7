"""Rules that a flow must keep before anybody calls in: one function per rule, each naming place and mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dialog import cel, emotion_rules
from dialog.blocks.base import Block
from dialog.blocks.collect import Collect
from dialog.blocks.consent import Consent
from dialog.blocks.end import End
from dialog.blocks.menu import Menu
from dialog.blocks.queue import Queue
from dialog.blocks.set import Set
from dialog.flow import Flow
from dialog.paths import reach
from dialog.text import count_words, variables
from dialog.yamlfile import Document, Problem
from session.policy import VOICE_PURPOSES

_KNOWN_VARIABLES = frozenset({"company", "customer", "locale", "channel", "intent"})
_LONG_PROMPT_WORDS = {"zh": 90, "en": 55}  # ~20 s of speech
_MANY_OPTIONS = 5

Rule = Callable[[Flow, Document], Iterator[Problem]]


def validate(flow: Flow, document: Document) -> list[Problem]:
    """All problems, by line. Severity E forbids use, W is advice."""
    problems = [problem for rule in _RULES for problem in rule(flow, document)]
    return sorted(problems, key=lambda problem: (problem.line, problem.message))


def _targets(flow: Flow, document: Document) -> Iterator[Problem]:
    known = ", ".join(flow.blocks)
    if flow.start not in flow.blocks:
        yield document.problem(("start",), f"start: there is no block {flow.start!r}; there are {known}")
    for name, block in flow.blocks.items():
        for exit_name, target in block.exits.items():
            if target not in flow.blocks:
                place = ("blocks", name, "exits", exit_name)
                yield document.problem(
                    place, f"block {name!r}: exit {exit_name!r} leads to {target!r}, which is no block"
                )
    for handler, target in flow.handlers.targets().items():
        if target not in flow.blocks:
            yield document.problem(("handlers", handler), f"handler {handler} leads to {target!r}, which is no block")
    for key, target in flow.shortcuts.items():
        if target not in flow.blocks:
            yield document.problem(("shortcuts", key), f"shortcut {key} leads to {target!r}, which is no block")


def _exits(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        place = ("blocks", name, "exits")
        for missing in sorted(block.required_exits() - set(block.exits)):
            yield document.problem(place, f"block {name!r} ({block.type}): exit {missing!r} is missing; connect it")
        allowed = block.allowed_exits()
        if allowed is not None:
            for extra in sorted(set(block.exits) - allowed):
                accepted = ", ".join(sorted(allowed)) or "none"
                yield document.problem(
                    (*place, extra), f"block {name!r} ({block.type}): no exit {extra!r}; accepted: {accepted}"
                )


def _unreachable(flow: Flow, document: Document) -> Iterator[Problem]:
    reached = reach(flow, [flow.start, *flow.handlers.targets().values(), *flow.shortcuts.values()])
    for name in flow.blocks:
        if name not in reached:
            yield document.problem(("blocks", name), f"block {name!r} is never reached; connect or remove it")


def _prompts(flow: Flow, document: Document) -> Iterator[Problem]:
    for locale in flow.locales:
        if locale not in flow.title:
            yield document.problem(("title",), f"title: no wording for {locale}")
    for name, block in flow.blocks.items():
        for parameter, wording in block.wordings().items():
            place = ("blocks", name, parameter)
            for locale in flow.locales:
                if not wording.get(locale, "").strip():
                    yield document.problem(place, f"block {name!r}: {parameter} has no wording for {locale}; add it")
            for locale, text in wording.items():
                if locale not in flow.locales:
                    yield document.problem(
                        (*place, locale),
                        f"block {name!r}: {parameter} has wording for {locale}, which locales does not list",
                    )
                if count_words(text) > _LONG_PROMPT_WORDS.get(locale.split("-")[0], 60):
                    yield document.problem(
                        (*place, locale), f"block {name!r}: {parameter} takes more than 20 s; shorten it", "W"
                    )


def _recognition(flow: Flow, document: Document) -> Iterator[Problem]:
    for locale in flow.recognition.prompt or {}:
        if locale not in flow.locales:
            yield document.problem(
                ("recognition", "prompt", locale),
                f"recognition: prompt has wording for {locale}, which locales does not list; add it there or remove it",
            )
    for index, word in enumerate(flow.recognition.hotwords):
        if not word.strip():
            yield document.problem(("recognition", "hotwords", index), "recognition: a hotword is empty; remove it")
    for name, block in flow.blocks.items():
        if isinstance(block, Collect) and block.confirm_when == "unsure" and block.confirm is None:
            yield document.problem(
                ("blocks", name, "confirm_when"),
                f"block {name!r}: confirm_when is unsure, but confirm, the wording of the read-back, is missing; add it",
            )


def _variables(flow: Flow, document: Document) -> Iterator[Problem]:
    known = set(_KNOWN_VARIABLES)
    for block in flow.blocks.values():
        if isinstance(block, Set):
            known |= set(block.values)
        elif isinstance(block, Collect):
            known.add(block.slot)
    for name, block in flow.blocks.items():
        for parameter, wording in block.wordings().items():
            for locale, text in wording.items():
                for variable in variables(text):
                    if variable.split(".")[0] not in known:
                        yield document.problem(
                            ("blocks", name, parameter, locale),
                            f"block {name!r}: {{{{{variable}}}}} is never set; known are {', '.join(sorted(known))}",
                        )


def _keys(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Menu):
            continue
        seen: dict[str, str] = {}
        for index, option in enumerate(block.options):
            place = ("blocks", name, "options", index)
            if option.key in seen:
                yield document.problem(
                    place, f"block {name!r}: key {option.key} is used by {seen[option.key]!r} already"
                )
            elif option.key in flow.shortcuts and block.exits.get(option.id) != flow.shortcuts[option.key]:
                yield document.problem(
                    place,
                    f"block {name!r}: key {option.key} is the shortcut to {flow.shortcuts[option.key]!r} everywhere else",
                    "W",
                )
            seen[option.key] = option.id
        if len(block.options) > _MANY_OPTIONS:
            yield document.problem(
                ("blocks", name, "options"), f"block {name!r}: more than {_MANY_OPTIONS} options by ear", "W"
            )


def _human(flow: Flow, document: Document) -> Iterator[Problem]:
    if not any(isinstance(block, Queue) for block in flow.blocks.values()):
        yield document.problem(("blocks",), "human unreachable: there is no queue block")
        return
    handler = flow.handlers.on_human_request
    if not handler:
        yield document.problem(("handlers",), "human unreachable: handlers.on_human_request is missing")
    elif handler in flow.blocks and not _reaches_queue(flow, handler):
        yield document.problem(("handlers", "on_human_request"), f"human unreachable: {handler!r} leads to no queue")
    for name, block in flow.blocks.items():
        if block.hears and not handler and not _reaches_queue(flow, name):
            yield document.problem(("blocks", name), f"human unreachable from {name!r}")
    if not flow.handlers.on_error:
        yield document.problem(
            ("handlers",), "handlers.on_error is missing: an error would end the call without a word"
        )


def _loops(flow: Flow, document: Document) -> Iterator[Problem]:
    deaf = {name: block for name, block in flow.blocks.items() if not block.hears}
    for name in deaf:
        path = _cycle(name, deaf)
        if path and min(path) == name:
            yield document.problem(
                ("blocks", name),
                f"endless loop without the caller: {' → '.join([*path, name])}; let one of them ask or end",
            )


def _emotion(flow: Flow, document: Document) -> Iterator[Problem]:
    asking = {n for n, b in flow.blocks.items() if isinstance(b, Consent) and "emotion" in b.purposes}
    if flow.handlers.on_emotion is not None and not asking:
        yield document.problem(
            ("handlers", "on_emotion"), "emotion without consent: no consent block asks for purpose emotion"
        )
    before = reach(flow, [flow.start], stop=asking)
    for name, block in flow.blocks.items():
        for parameter, expression in block.expressions().items():
            if "emotion" in expression and name in before - asking:
                yield document.problem(
                    ("blocks", name, parameter.split(".")[0]),
                    f"block {name!r}: {parameter} reads emotion before consent was asked",
                )


def _consents_apart(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Consent):
            continue
        if block.default == "given" and VOICE_PURPOSES & set(block.purposes):
            yield document.problem(
                ("blocks", name, "default"),
                f"block {name!r}: silence is no consent to emotion, whatever it is to recording; use `default: refused`, or ask "
                "for emotion in a consent block of its own",
            )
        if len(set(block.purposes)) < 2:
            continue
        place = ("blocks", name, "purposes")
        if "emotion_history" in block.purposes:
            yield document.problem(
                place,
                f"block {name!r}: emotion_history needs a question of its own, or a yes to it counts for nothing; "
                "give it a consent block",
            )
        elif "emotion" in block.purposes:
            yield document.problem(
                place,
                f"block {name!r}: asks for emotion together with something else; under the policy cn such a yes does not "
                "count for emotion (PIPL Art. 29), under eu a question of its own is safer (GDPR recital 43)",
                "W",
            )


def _conditions(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        for parameter, expression in block.expressions().items():
            try:
                cel.check(expression)
            except cel.ExpressionError as error:
                yield document.problem(
                    ("blocks", name, parameter.split(".")[0]), f"block {name!r}: {parameter}: {error}"
                )
    if flow.handlers.on_emotion is not None:
        try:
            cel.check(flow.handlers.on_emotion.when)
        except cel.ExpressionError as error:
            yield document.problem(("handlers", "on_emotion", "when"), f"on_emotion: {error}")


def _hangup(flow: Flow, document: Document) -> Iterator[Problem]:
    target = flow.handlers.on_hangup
    for name in reach(flow, [target]) if target else ():
        if not flow.blocks[name].silent:
            yield document.problem(
                ("handlers", "on_hangup"),
                f"on_hangup leads to {name!r} ({flow.blocks[name].type}); nobody is there any more",
            )


def _ends(flow: Flow, document: Document) -> Iterator[Problem]:
    if not any(isinstance(block, End) for block in flow.blocks.values()):
        yield document.problem(("blocks",), "there is no end block; a call could never be finished by the bot")


def _reaches_queue(flow: Flow, name: str) -> bool:
    return any(isinstance(flow.blocks[reached], Queue) for reached in reach(flow, [name]))


def _cycle(start: str, blocks: Mapping[str, Block]) -> list[str]:
    """A path of blocks from `start` back to it, or empty."""
    seen: set[str] = set()
    stack = [(start, [start])]
    while stack:
        name, path = stack.pop()
        for target in blocks[name].exits.values():
            if target == start:
                return path
            if target in blocks and target not in seen:
                seen.add(target)
                stack.append((target, [*path, target]))
    return []


_RULES: tuple[Rule, ...] = (
    _targets, _exits, _unreachable, _prompts, _recognition, _variables, _keys, _human, _loops, _emotion, _consents_apart,
    emotion_rules.kept, emotion_rules.sale, _conditions, _hangup, _ends,
)  # fmt: skip
