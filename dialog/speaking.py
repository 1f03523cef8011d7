"""The manner in which a run speaks: slower for who asks, calmer and with a kind word for who is upset (and consented)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from dialog.rulebook import rule
from dialog.text import Localised, count_words, locale_of, pick, render
from dialog.text_filter import cut, wrong
from session.speech import Style

if TYPE_CHECKING:
    from dialog.flow import Flow
    from dialog.options import DialogOptions
    from dialog.state import RunState
    from dialog.yamlfile import Document, Problem

FILTER = rule(
    "filter",
    "E",
    "a wording has a filter that does not exist, or a wrong argument of one",
    "docs/speaking.md lists them",
)
COMFORT = rule("comfort-locale", "E", "a comforting wording lacks a locale that the flow declares", "add the wording")

UPSET = frozenset({"angry", "anxious", "sad"})
_SURE = 0.5  # confidence of a mood from which on the voice follows it
_LONG_REQUEST = 12  # words; who says more has something else to ask
_TEMPLATE = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_SLOWER = re.compile(
    r"\b(slower|slow down|more slowly|(speak|talk|say (it|that)|go) slow(ly)?|too fast)\b"
    r"|(说|讲|念|读)得?太快|(说|讲|念|读)?慢(一)?点(儿)?(说|讲|念|读)?|放慢",
    re.IGNORECASE,
)
_NOT_SPEECH = re.compile(
    r"\b(delivery|internet|connection|network|shipping)\b|网|配送|物流|快递|发货|到货", re.IGNORECASE
)
_FASTER = re.compile(
    r"\b((speak|talk) (faster|normally)|normal speed|too slow(ly)?)\b|(说|讲)得?太慢|(说|讲)快(一)?点|正常语速",
    re.IGNORECASE,
)


class Speaking(BaseModel):
    """How the flow's voice follows the caller."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by_mood: bool = Field(
        default=True, description="speak slower and calmer to who is angry, anxious or sad; only with their consent"
    )
    comfort: Localised | None = Field(
        default=None, description="said once before the next prompt when such a mood begins; only with consent"
    )


def style(state: RunState, speaking: Speaking, wanted: Style = "") -> Style:
    """The manner for the next prompt: what the caller asked for, else the block's own, else what the mood asks for."""
    if state.slow:
        return "slow"
    return wanted or ("calm" if speaking.by_mood and _upset(state) else "")


def comfort(state: RunState, flow: Flow, options: DialogOptions) -> str:
    """The kind word that goes before this prompt, or nothing; notes that it was said."""
    if not _upset(state):
        state.comforted = False
        return ""
    wording = flow.speaking.comfort
    if wording is None or state.comforted:
        return ""
    state.comforted = True
    return render(
        pick(wording, state.locale, state.channel), {"company": pick(options.company, state.locale)}, state.locale
    )


def asked_pace(words: str) -> bool | None:
    """True: they ask for slower speech; False: for the usual pace again; None: neither."""
    if count_words(words) > _LONG_REQUEST or _NOT_SPEECH.search(words):
        return None
    if _FASTER.search(words):
        return False
    return True if _SLOWER.search(words) else None


def _upset(state: RunState) -> bool:
    feeling = state.feeling
    return bool(state.consents.get("emotion")) and feeling.label in UPSET and feeling.confidence >= _SURE


# ---------------------------------------------------------------------- rules


def _filters(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        for parameter, wording in block.wordings().items():
            for key, text in wording.items():
                for part in _TEMPLATE.findall(text):
                    _, used, argument = cut(part)
                    if (used or "|" in part.replace("||", "")) and (why := wrong(used, argument)):
                        place = ("blocks", name, *(int(s) if s.isdigit() else s for s in parameter.split(".")))
                        yield document.problem((*place, *locale_of(key)[1]), f"block {name!r}: {why}", FILTER)


def _comfort(flow: Flow, document: Document) -> Iterator[Problem]:
    for locale in flow.locales if flow.speaking.comfort is not None else ():
        if not (flow.speaking.comfort or {}).get(locale, "").strip():
            yield document.problem(("speaking", "comfort"), f"speaking: comfort has no wording for {locale}", COMFORT)


CHECKS = (_filters, _comfort)
