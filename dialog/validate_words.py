"""Rules about what is said, pressed and computed: wordings, variables, keys, expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialog import cel
from dialog.blocks.base import Block
from dialog.blocks.collect import Collect
from dialog.blocks.menu import Menu, Option
from dialog.blocks.queue import Queue, Way
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.text import CHANNELS, count_words, expressions, locale_of, unclosed
from dialog.yamlfile import Document, Place, Problem

NO_LOCALE = rule("locale-missing", "E", "a wording lacks a locale that the flow declares", "add the wording")
LOCALE = rule(
    "locale-extra", "E", "a wording has a locale that `locales` does not list", "add it there or remove the wording"
)
LONG_PROMPT = rule("prompt-long", "W", "a prompt takes more than 20 s to say", "shorten it")
HOTWORD = rule("hotword-empty", "E", "a hotword is empty", "remove it")
CONFIRM = rule(
    "confirm-missing", "E", "confirm_when is `unsure`, but there is no wording for the read-back", "add `confirm`"
)
KEY_TAKEN = rule("key-taken", "E", "one key chooses two options", "give one of them another key")
KEY_SHORTCUT = rule(
    "key-shortcut", "W", "an option's key is a shortcut to something else everywhere else", "use another key"
)
LONG_MENU = rule("menu-long", "W", "more than 5 options are too many by ear", "split the menu, or ask an open question")
EXPRESSION = rule("expression", "E", "an expression is no CEL", "correct it; docs/flows.md lists the names it can read")

_LONG_PROMPT_WORDS = {"zh": 90, "en": 55}  # ~20 s of speech
_MANY_OPTIONS = 5


def _prompts(flow: Flow, document: Document) -> Iterator[Problem]:
    for locale in flow.locales:
        if locale not in flow.title:
            yield document.problem(("title",), f"title: no wording for {locale}", NO_LOCALE)
    for name, block in flow.blocks.items():
        wordings = block.wordings()
        if (label := getattr(block, "label", None)) is not None:
            wordings = {**wordings, "label": label}
        for parameter, wording in wordings.items():
            yield from _wording(flow, document, name, parameter, wording)


def _wording(flow: Flow, document: Document, name: str, parameter: str, wording: dict[str, str]) -> Iterator[Problem]:
    place: Place = ("blocks", name, *(int(step) if step.isdigit() else step for step in parameter.split(".")))
    what = f"block {name!r}: {parameter}"
    for locale in flow.locales:
        if not wording.get(locale, "").strip():
            yield document.problem(place, f"{what} has no wording for {locale}", NO_LOCALE)
    for key, text in wording.items():
        locale, below = locale_of(key)
        if locale not in flow.locales:
            message = f"{what} has wording for {locale}, which locales does not list"
            yield document.problem((*place, *below), message, LOCALE)
        if below[0] in CHANNELS and not text.strip():
            yield document.problem((*place, *below), f"{what} has no wording for {locale} on {below[0]}", NO_LOCALE)
        if below[0] != "chat" and count_words(text) > _LONG_PROMPT_WORDS.get(locale.split("-")[0], 60):
            yield document.problem((*place, *below), f"{what} takes more than 20 s", LONG_PROMPT)
        if unclosed(text):
            message = f"{what} has {{{{ or }}}} without the other, which would be said as it is"
            yield document.problem((*place, *below), message, EXPRESSION, "close it, as in {{name}}")
        for expression in expressions(text):
            try:
                cel.check(expression)
            except cel.ExpressionError as error:
                yield document.problem((*place, *below), f"{what}: {error}", EXPRESSION)


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


def _options(block: Block) -> tuple[Sequence[Option | Way], Place]:
    """What its keys choose, and where that stands in the block."""
    if isinstance(block, Menu):
        return block.options, ("options",)
    if isinstance(block, Queue) and block.menu is not None:
        return block.menu.options, ("menu", "options")
    return (), ()


def _keys(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        options, below = _options(block)
        seen: dict[str, str] = {}
        for index, option in enumerate(options):
            place: Place = ("blocks", name, *below, index)
            if option.key in seen:
                message = f"block {name!r}: key {option.key} is used by {seen[option.key]!r} already"
                yield document.problem(place, message, KEY_TAKEN)
            elif option.key in flow.shortcuts and block.exits.get(option.id) != flow.shortcuts[option.key]:
                elsewhere = flow.shortcuts[option.key]
                message = f"block {name!r}: key {option.key} is the shortcut to {elsewhere!r} everywhere else"
                yield document.problem(place, message, KEY_SHORTCUT)
            seen[option.key] = option.id
        if len(options) > _MANY_OPTIONS:
            message = f"block {name!r}: more than {_MANY_OPTIONS} options by ear"
            yield document.problem(("blocks", name, *below), message, LONG_MENU)


def _conditions(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        for parameter, expression in block.expressions().items():
            try:
                cel.check(expression)
            except cel.ExpressionError as error:
                place = ("blocks", name, *(int(step) if step.isdigit() else step for step in parameter.split(".")))
                yield document.problem(place, f"block {name!r}: {parameter}: {error}", EXPRESSION)
    if flow.handlers.on_emotion is not None:
        try:
            cel.check(flow.handlers.on_emotion.when)
        except cel.ExpressionError as error:
            yield document.problem(("handlers", "on_emotion", "when"), f"on_emotion: {error}", EXPRESSION)


CHECKS = (_prompts, _recognition, _keys, _conditions)
