"""What time and the line do to a run: prompts end, timers run out, the caller hangs up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import handlers
from dialog.blocks.end import End as EndBlock
from dialog.effects import End
from dialog.events import PromptDone
from dialog.state import Playing
from dialog.verification.factors.voice import PHRASE_MS

if TYPE_CHECKING:
    from dialog.turn import Turn

EARLY_MS = 20  # a timer may come this much early (rounding) and still counts
DURATION = "duration"
"""The timer of `max_duration_s`: of the run, not of the block."""
LATER_MS = 30_000  # when it runs out while people talk, it is looked at again after this


async def prompt_done(turn: Turn, done: PromptDone) -> bool:
    """A prompt ended, was interrupted, or could not be spoken. False: an error, of which the caller knows nothing yet."""
    state = turn.state
    play = next((item for item in state.playing if item.play_id == done.play_id), None)
    if play is None:
        return True
    state.playing.remove(play)
    turn.remember("bot", done.spoken or (play.text if done.outcome == "done" else ""))
    if play.block != state.block:
        return True
    if done.outcome == "failed":
        state.unheard.append(play)
    elif done.outcome != "stopped":
        state.voiceless = False
    if turn.speaking:
        return True
    turn.cancel_timer("prompt")
    unheard, state.unheard = state.unheard, []
    if unheard and turn.block.vital and done.outcome != "barge_in":
        return await _unheard(turn, unheard)
    await turn.block.spoken(turn, done.outcome == "barge_in")
    return True


async def _unheard(turn: Turn, plays: list[Playing]) -> bool:
    """Nobody heard it, so nothing follows of it: it is said once more, and then the block's way for errors is taken."""
    state = turn.state
    if not any(play.again for play in plays):
        for play in plays:
            turn.say_again(play)
        state.private.phrase_until_ms = turn.now_ms + PHRASE_MS
        return True
    before, state.voiceless = state.voiceless, True
    return await turn.block.unspoken(turn, before)


async def speech_dropped(turn: Turn) -> None:
    """What began was no speech."""
    if "barge" in turn.state.timers:
        turn.cancel_timer("barge")
        await turn.block.timer(turn, "barge")
    elif "no_input" in turn.state.timers:
        turn.wait_for_caller()


async def timer(turn: Turn, name: str) -> None:
    """A timer ran out, if it still runs and its time has come."""
    state = turn.state
    due = state.timers.get(name)
    if due is None or turn.now_ms < due - EARLY_MS:
        return
    del state.timers[name]
    if name == "no_input":
        await turn.block.silence(turn)
    elif name == "prompt":
        state.playing = [play for play in state.playing if play.block != state.block]
        state.voiceless = True
        await turn.block.spoken(turn, False)
    elif name == DURATION:
        await _overdue(turn)
    else:
        await turn.block.timer(turn, name)


async def _overdue(turn: Turn) -> None:
    if turn.block.apart:
        turn.start_timer(DURATION, LATER_MS)
        return
    await turn.block.taken_away(turn)
    turn.target = None
    handlers.lead(turn, "on_timeout", "the call lasted too long")


def hung_up(turn: Turn) -> None:
    """The caller is gone: the handler, or the end."""
    state = turn.state
    if state.gone:
        return
    state.gone = True
    for name in list(state.timers):
        turn.cancel_timer(name)
    state.playing.clear()
    if state.block and handlers.lead(turn, "on_hangup", "the caller hung up"):
        return
    turn.trace("on_hangup", "the caller hung up")
    if state.phase == "waiting":
        state.ended = "abandoned"
    elif state.phase == "talking" or (state.block and isinstance(turn.block, EndBlock)):
        state.ended = "completed"
    else:
        state.ended = "hung_up"
    turn.effects.append(End(disposition=state.ended))
