"""Rules about what is said, pressed and computed: wordings, variables, keys, expressions."""

from __future__ import annotations

from collections.abc import Iterator

from dialog import cel
from dialog.blocks.collect import Collect
from dialog.blocks.menu import Menu
from dialog.blocks.set import Set
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.text import count_words, variables
from dialog.yamlfile import Document, Problem

NO_LOCALE = rule("locale-missing", "E", "a wording lacks a locale that the flow declares", "add the wording")
LOCALE = rule(
    "locale-extra", "E", "a wording has a locale that `locales` does not list", "add it there or remove the wording"
)
LONG_PROMPT = rule("prompt-long", "W", "a prompt takes more than 20 s to say", "shorten it")
HOTWORD = rule("hotword-empty", "E", "a hotword is empty", "remove it")
CONFIRM = rule(
    "confirm-missing", "E", "confirm_when is `unsure`, but there is no wording for the read-back", "add `confirm`"
)
UNSET = rule(
    "variable-unset", "E", "a wording names a variable that nothing sets", "set it before, or correct its spelling"
)
KEY_TAKEN = rule("key-taken", "E", "one key chooses two options", "give one of them another key")
KEY_SHORTCUT = rule(
    "key-shortcut", "W", "an option's key is a shortcut to something else everywhere else", "use another key"
)
LONG_MENU = rule("menu-long", "W", "more than 5 options are too many by ear", "split the menu, or ask an open question")
EXPRESSION = rule("expression", "E", "an expression is no CEL", "correct it; docs/flows.md lists the names it can read")

_KNOWN_VARIABLES = frozenset({"company", "customer", "locale", "channel", "intent"})
_LONG_PROMPT_WORDS = {"zh": 90, "en": 55}  # ~20 s of speech
_MANY_OPTIONS = 5


def _prompts(flow: Flow, document: Document) -> Iterator[Problem]:
    for locale in flow.locales:
        if locale not in flow.title:
            yield document.problem(("title",), f"title: no wording for {locale}", NO_LOCALE)
    for name, block in flow.blocks.items():
        for parameter, wording in block.wordings().items():
            place = ("blocks", name, parameter)
            for locale in flow.locales:
                if not wording.get(locale, "").strip():
                    yield document.problem(place, f"block {name!r}: {parameter} has no wording for {locale}", NO_LOCALE)
            for locale, text in wording.items():
                if locale not in flow.locales:
                    message = f"block {name!r}: {parameter} has wording for {locale}, which locales does not list"
                    yield document.problem((*place, locale), message, LOCALE)
                if count_words(text) > _LONG_PROMPT_WORDS.get(locale.split("-")[0], 60):
                    message = f"block {name!r}: {parameter} takes more than 20 s"
                    yield document.problem((*place, locale), message, LONG_PROMPT)


def _recognition(flow: Flow, document: Document) -> Iterator[Problem]:
    for locale in flow.recognition.prompt or {}:
        if locale not in flow.locales:
            message = f"recognition: prompt has wording for {locale}, which locales does not list"
            yield document.problem(("recognition", "prompt", locale), message, LOCALE)
    for index, word in enumerate(flow.recognition.hotwords):
        if not word.strip():
            yield document.problem(("recognition", "hotwords", index), "recognition: a hotword is empty", HOTWORD)
    for name, block in flow.blocks.items():
        if isinstance(block, Collect) and block.confirm_when == "unsure" and block.confirm is None:
            message = f"block {name!r}: confirm_when is unsure, but confirm, the wording of the read-back, is missing"
            yield document.problem(("blocks", name, "confirm_when"), message, CONFIRM)


def _variables(flow: Flow, document: Document) -> Iterator[Problem]:
    known = set(_KNOWN_VARIABLES)
    for block in flow.blocks.values():
        known |= block.assigns()
        if isinstance(block, Set):
            known |= set(block.values)
        elif isinstance(block, Collect):
            known.add(block.slot)
    for name, block in flow.blocks.items():
        for parameter, wording in block.wordings().items():
            for locale, text in wording.items():
                for variable in variables(text):
                    if variable.split(".")[0] not in known:
                        message = (
                            f"block {name!r}: {{{{{variable}}}}} is never set; known are {', '.join(sorted(known))}"
                        )
                        yield document.problem(("blocks", name, parameter, locale), message, UNSET)


def _keys(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Menu):
            continue
        seen: dict[str, str] = {}
        for index, option in enumerate(block.options):
            place = ("blocks", name, "options", index)
            if option.key in seen:
                message = f"block {name!r}: key {option.key} is used by {seen[option.key]!r} already"
                yield document.problem(place, message, KEY_TAKEN)
            elif option.key in flow.shortcuts and block.exits.get(option.id) != flow.shortcuts[option.key]:
                elsewhere = flow.shortcuts[option.key]
                message = f"block {name!r}: key {option.key} is the shortcut to {elsewhere!r} everywhere else"
                yield document.problem(place, message, KEY_SHORTCUT)
            seen[option.key] = option.id
        if len(block.options) > _MANY_OPTIONS:
            message = f"block {name!r}: more than {_MANY_OPTIONS} options by ear"
            yield document.problem(("blocks", name, "options"), message, LONG_MENU)


def _conditions(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        for parameter, expression in block.expressions().items():
            try:
                cel.check(expression)
            except cel.ExpressionError as error:
                place = ("blocks", name, parameter.split(".")[0])
                yield document.problem(place, f"block {name!r}: {parameter}: {error}", EXPRESSION)
    if flow.handlers.on_emotion is not None:
        try:
            cel.check(flow.handlers.on_emotion.when)
        except cel.ExpressionError as error:
            yield document.problem(("handlers", "on_emotion", "when"), f"on_emotion: {error}", EXPRESSION)


CHECKS = (_prompts, _recognition, _variables, _keys, _conditions)
