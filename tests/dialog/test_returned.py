"""The caller's line was lost in mid-call, and is there again."""

from __future__ import annotations

from dialog.effects import Expect, Say
from dialog.events import Pressed, PromptDone
from tests.dialog.test_unheard import FLOW
from tests.dialog.virtual import Run, begun


async def back(run: Run, after_ms: int = 20_000) -> list[str]:
    run.now += after_ms
    effects = await run.engine.returned(run.state, run.now)
    return [effect.text for effect in run._take(effects) if isinstance(effect, Say)]


async def test_what_was_being_said_is_said_again_and_the_flow_goes_on() -> None:
    run = await begun(FLOW)
    lost = run.state.playing[0].play_id
    assert await back(run) == ["Welcome."]
    await run.tell(PromptDone(play_id=lost, outcome="done", spoken="Welcome."))  # a late report of the old line
    assert run.state.block == "hi"
    await run.finish()
    assert run.state.block == "ask"


async def test_a_question_is_asked_again_once_and_answered() -> None:
    run = await begun(FLOW)
    await run.finish()
    assert await back(run) == ["Which?"]
    assert run.of(Expect)
    assert "no_input" not in run.timers or run.timers["no_input"] > run.now  # nobody was silent: nobody was there
    await run.finish()
    await run.tell(Pressed(digit="1"))
    assert run.said == ["Bye."]
