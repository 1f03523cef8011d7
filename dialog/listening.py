"""What happens with the caller's words and keys before, and instead of, the block where the run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import corrections, digressions, handlers, layers
from dialog.blocks.base import Asking, Block
from dialog.blocks.understand import Understand
from dialog.blocks.withdraw import Withdraw
from dialog.effects import SetLocale
from dialog.events import Heard
from dialog.frames import levels
from dialog.ports import Understood
from dialog.speaking import asked_pace
from dialog.text import agrees, count_words, match_locale
from dialog.turn import HIDDEN
from session.consent import MOOD_REASON, ON_EMOTION

if TYPE_CHECKING:
    from dialog.turn import Turn


async def heard(turn: Turn, words: Heard) -> None:
    """One utterance or message."""
    state, block = turn.state, turn.block
    turn.remember("caller", HIDDEN if state.sensitive else words.text)
    turn.cancel_timer("barge")
    if state.text_turn or count_words(words.text):
        turn.cancel_timer("no_input")
    if words.feeling is not None and state.consents.get("emotion"):
        state.feeling = words.feeling
    if block.apart:
        return
    if await corrections.serve(turn, words):
        state.no_input = 0
        return
    if await block.first_look(turn, words):
        state.no_input = 0
        return
    _follow_language(turn, words)
    meaning = await layers.classify(turn, words.text)
    if meaning.intent == "human_request" and "human" not in block.exits and handlers.find(turn, "on_human_request"):
        await block.taken_away(turn)
        turn.target = None
        handlers.lead(turn, "on_human_request", "asked for a person")
    elif not _takes_back(turn, meaning) and await _moved(turn):
        return
    elif not state.sensitive and state.spoken and (pace := asked_pace(words.text)) is not None:
        state.slow = pace
        _again(turn, block)
    elif meaning.intent == "repeat" and isinstance(block, Asking):
        _again(turn, block)
    elif await digressions.serve(turn, block, words, meaning):
        state.no_input = 0
    else:
        await _listen(turn, block, words, meaning)


def _again(turn: Turn, block: Block) -> None:
    """What was said last, if the block waits for an answer; else the block goes on in its own time."""
    if isinstance(block, Asking):
        turn.stop_speaking()
        turn.say(turn.state.last_answer or block.asked(turn))


async def pressed(turn: Turn, digit: str) -> None:
    """One key."""
    state, block = turn.state, turn.block
    shortcut = handlers.shortcut(turn, digit)
    if block.apart:
        # Who waits or talks goes nowhere by a shortcut, but consent is taken back at any time.
        if shortcut is not None and isinstance(taker := _block_above(turn, *shortcut), Withdraw):
            taker.take_back(turn)
        else:
            await block.pressed(turn, digit)
        return
    state.no_input = 0
    turn.cancel_timer("no_input")
    own = block.keys()
    if shortcut is not None and digit not in own:
        above, target = shortcut
        await block.taken_away(turn)
        turn.target = None
        state.pending = ""
        state.asides.clear()
        turn.go(target, f"shortcut_{digit}", f"pressed {digit}", above=above)
    else:
        await block.pressed(turn, digit)


async def _listen(turn: Turn, block: Block, words: Heard, meaning: Understood) -> None:
    before = len(turn.effects)
    silences = turn.state.no_input
    await block.heard(turn, words, meaning)
    if turn.state.no_input == silences:
        turn.state.no_input = 0
    if turn.target is None and len(turn.effects) == before and block.hears and not turn.speaking:
        turn.wait_for_caller()


def _takes_back(turn: Turn, meaning: Understood) -> bool:
    """Do the words take consent back? Then the mood in which they are said leads nowhere."""
    flow = turn.flow
    asked = [b for b in flow.blocks.values() if isinstance(b, Understand) and meaning.intent in b.intents()]
    return any(isinstance(flow.blocks[b.way(meaning.intent, turn.state.channel)], Withdraw) for b in asked)


async def _moved(turn: Turn) -> bool:
    """The caller's mood leads elsewhere, as the nearest flow with such a handler says."""
    if not turn.state.consents.get("emotion"):
        return False
    for above, flow in levels(turn.root, turn.state):
        handler = flow.handlers.on_emotion
        if handler is None:
            continue
        if turn.evaluate(handler.when) is not True:
            return False
        await turn.block.taken_away(turn)
        turn.target = None
        turn.state.pending = ""
        turn.state.asides.clear()
        turn.go(handler.goto, ON_EMOTION, MOOD_REASON, above=above)
        return True
    return False


def _follow_language(turn: Turn, words: Heard) -> None:
    state = turn.state
    locale = match_locale(turn.flow.locales, words.language) if words.language else None
    if locale is None or locale == state.locale or not agrees(words.text, words.language):
        return
    enough = 4 if words.language == "zh" else 2  # two words are about four Han characters
    if count_words(words.text) >= enough or words.confidence >= turn.options.switch_confidence:
        state.locale = locale
        turn.effects.append(SetLocale(locale=locale, why=f"the caller speaks {words.language}"))


def _block_above(turn: Turn, above: int, name: str) -> Block | None:
    for level, flow in levels(turn.root, turn.state):
        if level == above:
            return flow.blocks.get(name)
    return None
