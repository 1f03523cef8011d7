"""“No, I meant 4712” (R23): a value given before is replaced, and the talk goes on from where it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dialog import digressions
from dialog.blocks.base import Asking
from dialog.blocks.collect import Collect
from dialog.events import Heard
from dialog.text import language_of, pick

if TYPE_CHECKING:
    from dialog.turn import Turn

_EN = re.compile(
    r"^\W*(?:(?:no|nope|sorry|wait|oh|uh|um|oops|actually|hang on|hold on|excuse me)\b[\s,.!]*)*"
    r"(?:(?:i (?:actually )?(?:meant|mean|wanted to say)|i should have said|make (?:that|it)|change (?:that|it) to|"
    r"correct (?:that|it) to|correction\W|(?:it|that)(?:'s| is| should be| was)(?: actually)?|actually (?:it'?s|it is))"
    r"\s*[:,]?\s*(?:to say )?)(?P<value>.+)$",
    re.IGNORECASE,
)
_EN_NO = re.compile(r"^\W*(?:no|nope|sorry|wait|oh|oops|actually|i meant|i mean|make|change|correct)", re.IGNORECASE)
_ZH = re.compile(
    r"^\W*(?:(?:不对|不是这个|不是的|不是|错了|我说错了|说错了|等一下|等等|哦|啊|抱歉|不好意思)[\s,，。!！]*)*"
    r"(?:应该是|应该说|我是说|我是想说|我说的是|我想说的是|我的意思是|改成|改为|更正为|更正一下|其实是|是)[\s,，:：]*(?P<value>.+)$"
)
_ZH_NO = re.compile(
    r"^\W*(?:不对|不是|错了|我说错|说错|等一下|等等|抱歉|不好意思|应该|我是说|我是想说|我说的是|我想说的|我的意思|改成|改为|更正|其实)"
)
_WRONG = re.compile(
    r"\b(?:wrong|mistake|incorrect|misspoke|not right)\b|(?:说|报|给|输|讲|写)错了?|(?:不对|错了|有误)", re.IGNORECASE
)
ALL_RIGHT = {"en": "All right, {value}.", "zh": "好的，{value}。", "de": "In Ordnung, {value}.", "fr": "D'accord, {value}.", "es": "De acuerdo, {value}."}  # fmt: skip


def value_of(words: str) -> str:
    """What follows the words of a correction; empty when they are none."""
    chinese = language_of(words) == "zh"
    sign, form = (_ZH_NO, _ZH) if chinese else (_EN_NO, _EN)
    found = form.match(words.strip()) if sign.match(words.strip()) else None
    return found["value"].strip() if found else ""


async def serve(turn: Turn, heard: Heard) -> bool:
    """Replace the slot that the words correct, or ask for it anew; False when they correct nothing given before."""
    state, block = turn.state, turn.block
    if not turn.flow.digressions.corrections or state.sensitive or not isinstance(block, Asking) or not state.slots:
        return False
    if value := value_of(heard.text):
        return _replace(turn, block, value)
    if block.digressible and (name := _named(turn, heard.text)):
        turn.stop_speaking()
        digressions.wait(turn, name, "the caller corrects a value given before", until=name)
        return True
    return False


def _replace(turn: Turn, block: Asking, words: str) -> bool:
    state = turn.state
    own = getattr(block, "slot", "")
    if own and isinstance(block, Collect) and block.read(turn, words) is not None:
        return False  # it is the open question's own answer, or fits it as well
    for slot, name in reversed(state.slots.items()):
        collector = turn.flow.blocks.get(name)
        if not isinstance(collector, Collect) or collector.sensitive or name == state.block:
            continue
        value = collector.read(turn, words) if collector.kind != "free" else None
        if value is None or value == state.attributes.get(slot):
            continue
        turn.stop_speaking()
        turn.set({slot: value})
        said = pick(ALL_RIGHT, state.locale).format(value=collector.shown(str(value)))
        if block.digressible:
            digressions.ask_again(turn, block, said)
        else:
            turn.say(f"{said} {block.asked(turn)}")
        return True
    return False


def _named(turn: Turn, words: str) -> str:
    """The block that collected the slot which the words call wrong."""
    if not _WRONG.search(words):
        return ""
    lower = words.lower()
    for slot, name in reversed(turn.state.slots.items()):
        collector = turn.flow.blocks.get(name)
        if not isinstance(collector, Collect) or name == turn.state.block:
            continue
        labels = [slot.replace("_", " ")]
        if collector.label:
            labels += [
                re.sub(r"^(?:your|the|my|您的|你的|我的)\s*", "", word.lower()) for word in collector.label.values()
            ]
        if any(label and label in lower for label in labels):
            return name
    return ""
