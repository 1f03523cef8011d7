"""Other questions and requests in the midst of a question: served, then the open question is asked again (R23).

Nothing of it is drawn: a block whose question was not answered is asked here whether the words are an answer that the
knowledge has, or an intent that some `understand` of the flow leads somewhere. The open question waits as an `Aside`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import layers
from dialog.blocks.base import Asking, Block
from dialog.blocks.understand import Understand
from dialog.events import Heard
from dialog.ports import Understood
from dialog.state import Aside
from dialog.text import pick

if TYPE_CHECKING:
    from dialog.turn import Turn

SOCIAL = frozenset({"yes", "no", "repeat", "thanks", "goodbye", "unknown", "human_request"})
"""Intents that answer, or mean nothing in between."""
QUESTION = "question"
BACK = {
    "en": "Back to {label}.",
    "zh": "我们回到{label}。",
    "de": "Zurück zu {label}.",
    "fr": "Revenons à {label}.",
    "es": "Volvamos a {label}.",
}
BACK_TO_IT = {"en": "Back to my question.", "zh": "我们回到刚才的问题。", "de": "Zurück zu meiner Frage.", "fr": "Revenons à ma question.", "es": "Volvamos a mi pregunta."}  # fmt: skip


async def serve(turn: Turn, block: Block, heard: Heard, meaning: Understood) -> bool:
    """Answer from the knowledge, or go to the block of the request; False = the words are the block's."""
    state, rules = turn.state, turn.flow.digressions
    if not isinstance(block, Asking) or not block.digressible or await block.accepts(turn, heard, meaning):
        return False
    if state.memo.get("asides", 0) >= rules.most:
        return False
    if rules.intents and meaning.intent not in SOCIAL and (target := _target(turn, meaning.intent)):
        if turn.flow.blocks[target].type != "answer":
            return _leave_for(turn, target, heard, meaning)
        return rules.answers and await _answer(turn, block, heard)
    if rules.answers and (meaning.intent in (QUESTION, "unknown")):
        return await _answer(turn, block, heard)
    return False


def wait(turn: Turn, target: str, why: str, *, until: str = "") -> None:
    """Put the open question off and go to a block."""
    state = turn.state
    count = state.memo.get("asides", 0) + 1
    memo = {**state.memo, "asides": count}
    state.asides.append(Aside(block=state.block, phase=state.phase, memo=memo, request=state.request, until=until))
    turn.go(target, "aside", why)


def comes_back(turn: Turn, left: str, target: str) -> Aside | None:
    """The question that is open again when `left` is left for `target`, if one is."""
    state = turn.state
    if not state.asides:
        return None
    last = state.asides[-1]
    if target == left or (last.until and last.until != left):
        return None
    if last.until or isinstance(turn.flow.blocks[target], Understand) or target == last.block:
        return state.asides.pop()
    block = turn.flow.blocks[target]
    if block.apart or block.people:
        state.asides.clear()
    return None


def ask_again(turn: Turn, block: Asking, first: str = "") -> None:
    """Say what it was about, and the question."""
    state = turn.state
    block.listen(turn)
    turn.say(" ".join(part for part in (first, _bridge(turn, block), block.asked(turn)) if part))
    state.last_answer = ""


async def _answer(turn: Turn, block: Asking, heard: Heard) -> bool:
    state = turn.state
    found = await turn.search(heard.text)
    if found is None:
        return False
    state.memo["asides"] = state.memo.get("asides", 0) + 1
    turn.stop_speaking()
    if found.article not in state.answered:
        state.answered.append(found.article)
    turn.say(found.text, article=found.ref)
    ask_again(turn, block)
    return True


def _leave_for(turn: Turn, target: str, heard: Heard, meaning: Understood) -> bool:
    state = turn.state
    waiting = {aside.block for aside in state.asides}
    if target == state.block or target in waiting or meaning.intent == state.intent:
        return False
    if len(state.asides) >= turn.flow.digressions.depth:
        return False
    hidden = state.sensitive
    wait(turn, target, f"asked for {meaning.intent} in between")
    layers.intend(turn, meaning, "" if hidden else heard.text)
    return True


def _target(turn: Turn, intent: str) -> str | None:
    """Where an open question of this flow leads for the intent."""
    for block in turn.flow.blocks.values():
        if isinstance(block, Understand) and intent in block.intents():
            return block.way(intent, turn.state.channel)
    return None


def _bridge(turn: Turn, block: Asking) -> str:
    language = turn.state.locale.partition("-")[0]
    if block.label is not None:
        return BACK.get(language, BACK["en"]).format(label=turn.render(block.label))
    return pick(BACK_TO_IT, language) if language in BACK_TO_IT else ""
