"""`transfer`: give the caller to somebody: an agent, a queue, another flow, a number, a SIP address."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.effects import CancelTransfer, End, Enqueue, TransferTarget
from dialog.effects import Transfer as TransferEffect
from dialog.events import QueueOutcome, TransferResult
from dialog.handover import facts_of, summary_of
from dialog.reasons import reason_in
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn

LOST_MS = 75_000  # beyond the time it may ring: a long whisper, and some; then no answer will come any more
_QUEUE_EXITS: dict[str, str] = {"overflow": "no_answer", "no_agents": "busy"}


class Transfer(Block):
    """The caller hears music until somebody answers, and is never lost: whatever goes wrong has an exit."""

    required: ClassVar[frozenset[str]] = frozenset({"failed"})
    optional: ClassVar[frozenset[str]] = frozenset({"connected", "no_answer", "busy"})
    hears: ClassVar[bool] = True
    apart: ClassVar[bool] = True
    people: ClassVar[bool] = True

    type: Literal["transfer"]
    target: TransferTarget = Field(
        description="`agent` (offered to that agent only), `queue`, `flow` (the run goes on there), `number`, `sip`"
    )
    to: str = Field(
        min_length=1,
        description="the agent's name, the queue, the flow's id, the number as +49…, or the SIP address; or `= CEL`",
    )
    mode: Literal["attended", "blind"] = Field(
        default="attended",
        description="attended = the run goes on by `connected` when the other side is done; blind = the call ends with it",
    )
    text: Localised | None = Field(default=None, description="said to the caller first")
    whisper: Localised | None = Field(
        default=None, description="said to whoever answers, before the caller is let through; the caller hears music"
    )
    context: dict[str, str] = Field(
        default_factory=dict,
        description="name → text or `= CEL`, given along: facts for an agent, attributes of a flow, X-Context-… headers of "
        "a SIP call; nothing goes to a number",
    )
    timeout_s: float = Field(default=25.0, ge=5, le=120, description="s it may ring, or wait in the queue")
    skills: list[str] = Field(default_factory=list, description="needed of the agent, for a queue")
    priority: int = Field(default=50, ge=0, le=100, description="in the queue, for a queue or an agent")

    def required_exits(self) -> frozenset[str]:
        """What can happen; a flow is left by nothing but its failure."""
        if self.target == "flow":
            return self.required
        every = self.required | {"no_answer", "busy"}
        return every if self.mode == "blind" else every | {"connected"}

    def wordings(self) -> dict[str, dict[str, str]]:
        """What is said to either side."""
        said = {"text": self.text, "whisper": self.whisper}
        return {name: wording for name, wording in said.items() if wording}

    def expressions(self) -> dict[str, str]:
        """What is computed."""
        given = {"to": self.to, **{f"context.{name}": value for name, value in self.context.items()}}
        return {name: value[1:].strip() for name, value in given.items() if value.startswith("=")}

    async def enter(self, turn: Turn) -> None:
        """Speak, and ask for it."""
        turn.state.phase = "transfer"
        turn.expect(speech=False, digits=False)
        if self.text:
            turn.say(turn.render(self.text), interruptible=False)
        self._ask(turn)

    async def resume(self, turn: Turn) -> None:
        """What rang was given up with the app: ask again. A talk goes on by itself."""
        turn.expect(speech=False, digits=False)
        if turn.state.phase == "transfer":
            self._ask(turn)

    async def transferred(self, turn: Turn, result: TransferResult) -> None:
        """Let through: be silent until the other side is done. Otherwise the bot has the caller back."""
        if result.transfer_id != self._id(turn) or turn.state.phase != "transfer":
            return
        turn.cancel_timer("transfer")
        if result.outcome != "connected":
            turn.leave(result.outcome, result.why or f"transfer: {result.outcome}")
        elif self.target == "flow":
            turn.state.ended = "transferred"
        else:
            turn.state.phase = "talking"
            turn.stop_speaking()

    async def queue_news(self, turn: Turn, outcome: QueueOutcome | Literal["agent_left", "agent_lost"]) -> None:
        """News from the queue, and the end of the talk."""
        state = turn.state
        if outcome == "answered":
            turn.cancel_timer("transfer")
            state.phase = "talking"
            turn.stop_speaking()
        elif outcome == "agent_lost":
            turn.leave("failed", "the other side's line was lost")
        elif outcome != "agent_left":
            turn.cancel_timer("transfer")
            turn.leave(_QUEUE_EXITS.get(outcome, "failed"), f"queue: {outcome}")
        elif self.mode == "blind":
            state.ended = "transferred"
            turn.effects.append(End(disposition="transferred"))
        else:
            turn.leave("connected", "the other side is done")

    async def timer(self, turn: Turn, name: str) -> None:
        """Whoever should tell what came of it does not."""
        if name == "transfer":
            await self.taken_away(turn)
            turn.leave("failed", "nobody told what came of it")

    async def taken_away(self, turn: Turn) -> None:
        """Stop trying."""
        if turn.state.phase == "transfer":
            turn.effects.append(CancelTransfer(transfer_id=self._id(turn)))

    def _id(self, turn: Turn) -> str:
        return turn.visit_id

    def _ask(self, turn: Turn) -> None:
        state = turn.state
        to = self._value(turn, self.to).strip()
        if not to:
            turn.leave("failed", "whom to transfer to is not known")
            return
        state.reason = reason_in(state.last_why, state.locale)
        state.to_people = state.to_people or self.target != "flow"
        context = {name: self._value(turn, value) for name, value in self.context.items()}
        whisper = turn.screened(turn.render(self.whisper)) if self.whisper else ""
        if self.target == "queue":
            turn.effects.append(
                Enqueue(
                    queue=to,
                    skills=self.skills,
                    priority=self.priority,
                    reason=state.reason,
                    summary=summary_of(state),
                    facts={**facts_of(state), **context},
                    locale=state.locale,
                    overflow_s=self.timeout_s,
                    whisper=whisper,
                )
            )
            return
        turn.effects.append(
            TransferEffect(
                transfer_id=self._id(turn),
                target=self.target,
                to=to,
                blind=self.mode == "blind",
                timeout_ms=round(self.timeout_s * 1000),
                locale=state.locale,
                whisper=whisper,
                context=context,
                priority=self.priority,
                reason=state.reason,
                summary=summary_of(state),
                facts=facts_of(state),
            )
        )
        turn.start_timer("transfer", round(self.timeout_s * 1000) + LOST_MS)

    def _value(self, turn: Turn, text: str) -> str:
        if not text.startswith("="):
            return turn.render({"": text})
        value = turn.evaluate(text[1:].strip())
        return "" if value is None else str(value)
