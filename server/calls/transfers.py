"""Carries a flow's transfers out: to one agent, to another flow, to a number or address outside.

The caller is never lost: while somebody is rung they hear music, and whatever goes wrong gives them back to the flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog

from dialog import effects as fx
from dialog import events as ev
from dialog import frames
from server.calls import numbers
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.mixer import NotMixed
from server.calls.outside import OutsideLine, outcome_of
from server.calls.snapshot import QueueSnapshot
from server.hub import NoWorker
from session import wire

if TYPE_CHECKING:
    from dialog.engine import FlowEngine
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

WHISPER_MS = 30_000  # the longest whisper; then its end was lost, and nobody waits for it any longer
MOST_FLOWS = 10  # flows that one call may go through; more is a loop of flows that hand it round
_REACH: dict[str, tuple[ev.TransferOutcome, str]] = {
    "unknown": ("failed", "there is no such agent"),
    "away": ("no_answer", "the agent is away"),
    "busy": ("busy", "the agent is in another call"),
}


class Transfers:
    """One contact's; works in its actor."""

    def __init__(self, contact: Contact) -> None:
        self.line: OutsideLine | None = None
        self.flows = 0
        self._whisper = ("", "")
        self._blind = False
        self._contact = contact

    async def begin(self, effect: fx.Transfer) -> None:
        """Try; what comes of it is told to the flow."""
        shown = numbers.masked(effect.to) if effect.target in ("number", "sip") else effect.to
        await self._contact.note("transfer.started", {"target": effect.target, "to": shown, "blind": effect.blind})
        match effect.target:
            case "flow":
                self._to_flow(effect)
            case _ if self._contact.chat:
                self._tell(effect.transfer_id, "failed", "who writes cannot be put through")
            case "agent":
                await self._to_agent(effect)
            case "number" | "sip":
                await self._outside(effect)
            case _:
                self._tell(effect.transfer_id, "failed", f"{effect.target} is no target of a transfer")

    async def cancel(self, transfer_id: str) -> None:
        """The flow goes elsewhere."""
        contact, line = self._contact, self.line
        if line is not None and line.about.transfer_id == transfer_id and not line.connected:
            self.line = None
            await line.hang_up("cancelled")
            await contact.note("transfer.ended", {"outcome": "cancelled"})
        elif contact.queue is not None and contact.queue.transfer_id == transfer_id:
            desk = contact.around.desk
            desk.do(desk.desk.leave(contact.contact_id, desk.now()))
            contact.queue = None
        if contact.phase in ("transfer", "queued"):
            contact.phase = "flow"
            await contact.music(False)

    async def caller_gone(self) -> None:
        """Whoever rings or talks outside has nobody to talk to any more."""
        if self.line is not None:
            await self.line.hang_up("hangup")

    # ------------------------------------------------------------------ to another flow, to one agent

    def _to_flow(self, effect: fx.Transfer) -> None:
        contact = self._contact
        engine = contact.around.engine_of(effect.to)
        if engine is None or self.flows >= MOST_FLOWS:
            why = "there is no such flow" if engine is None else "the call went through too many flows"
            self._tell(effect.transfer_id, "failed", why)
            return
        self.flows += 1

        async def go() -> None:
            left = contact.flow_id
            await contact.step(ev.TransferResult(transfer_id=effect.transfer_id, outcome="connected"))
            if contact.run.ended == "transferred":
                await contact.note("flow.changed", {"previous": left, "next": engine.flow.id})
                await enter_flow(contact, engine, effect.context)

        contact.post(go)

    async def _to_agent(self, effect: fx.Transfer) -> None:
        contact = self._contact
        card = contact.around.agent_named(effect.to)
        desk = contact.around.desk
        reach = desk.desk.reach(card.user_id) if card is not None else "unknown"
        if card is None or reach != "free":
            outcome, why = _REACH[reach]
            self._tell(effect.transfer_id, outcome, why)
            return
        await contact.queueing.join(
            QueueSnapshot(
                queue="direct",
                skills=[],
                priority=effect.priority,
                reason=effect.reason,
                summary=effect.summary,
                facts={**effect.facts, **effect.context},
                enqueued_at=contact.now_ms(),
                overflow_s=effect.timeout_ms / 1000,
                whisper=effect.whisper,
                only=card.user_id,
                transfer_id=effect.transfer_id,
            )
        )

    # ------------------------------------------------------------------ outside

    async def _outside(self, effect: fx.Transfer) -> None:
        contact = self._contact
        around = contact.around
        try:
            reach = numbers.target if effect.target == "number" else numbers.address
            target = reach(effect.to, around.outgoing)
        except numbers.NotAllowed as error:
            await contact.note("transfer.refused", {"why": str(error)})
            self._tell(effect.transfer_id, "failed", str(error))
            return
        if around.placed.take("outside"):
            await contact.note("transfer.refused", {"why": "too many calls were placed (calls.per_hour)"})
            self._tell(effect.transfer_id, "failed", "too many calls were placed")
            return
        contact.phase = "transfer"
        await contact.listening.turn(False)
        await contact.music(True)
        self._whisper = (effect.whisper, effect.locale)
        self._blind = effect.blind
        try:
            self.line = await OutsideLine.dial(contact, effect, target)
        except (NoWorker, *COMMAND_ERRORS) as error:
            log.warning("transfer.dial_failed", contact=contact.contact_id, error=type(error).__name__)
            await self._back(effect.transfer_id, "failed", "the call could not be placed")

    async def on_leg(self, event: wire.LegEvent) -> None:
        """A report of the other side's leg."""
        line = self.line
        if line is None or event.leg_id != line.leg_id:
            return
        match event:
            case wire.LegProgress(state="up") if not line.connected and not line.whisper_id:
                await self._answered(line)
            case wire.PlayFinished() if event.play_id == line.whisper_id and not line.connected:
                await self._through(line)
            case wire.LegEnded() if not line.connected:
                self.line = None
                outcome = "failed" if line.broken or line.whisper_id else outcome_of(event.reason)
                await self._back(line.about.transfer_id, outcome, f"outside: {event.reason}")
            case wire.LegEnded():
                await self._gone(line, event)

    async def on_timer(self, name: str) -> None:
        """A whisper whose end was lost; a talk that lasts too long."""
        line = self.line
        if line is None:
            return
        if name == "whisper" and not line.connected:
            await self._through(line)
        elif name == "outside" and line.connected:
            await line.hang_up("too_long")

    async def on_parted(self, event: wire.PeerHeard) -> None:
        """The audio of a talk broke off on the caller's side, though nobody ordered it."""
        line = self.line
        if (
            line is not None
            and line.connected
            and event.peer_leg_id == line.leg_id
            and event.reason in ("gone", "never_came")
        ):
            line.broken = True
            await line.hang_up("failed")

    async def _answered(self, line: OutsideLine) -> None:
        words, locale = self._whisper
        if not words or self._blind:
            await self._through(line)
            return
        self._contact.timers.start("whisper", WHISPER_MS)
        try:
            await line.whisper(words, locale)
        except COMMAND_ERRORS:
            await self._through(line)

    async def _through(self, line: OutsideLine) -> None:
        """Second phase: bridge, or give the caller back."""
        contact = self._contact
        contact.timers.stop("whisper")
        try:
            await line.bridge()
        except NotMixed as error:
            log.warning("transfer.bridge_failed", contact=contact.contact_id, error=type(error).__name__)
            line.broken = True
            await line.hang_up("failed")
            self.line = None
            await self._back(line.about.transfer_id, "failed", "both could not be let through to each other")
            return
        line.about = msgspec.structs.replace(line.about, connected=True)
        contact.phase = "talking"
        if not contact.around.outgoing.record_outside:
            await contact.caller.record("pause")
        await contact.music(False)
        await contact.step(ev.TransferResult(transfer_id=line.about.transfer_id, outcome="connected"))
        await contact.caller.stop()
        contact.timers.start("outside", round(contact.around.outgoing.longest_s * 1000))
        await contact.note("transfer.connected", {})

    async def _gone(self, line: OutsideLine, event: wire.LegEnded) -> None:
        contact = self._contact
        self.line = None
        contact.timers.stop("outside")
        await contact.room.settle()
        if not contact.around.outgoing.record_outside and contact.listening.may_record:
            await contact.caller.record("resume")
        lost = line.broken or event.party in ("network", "error")
        await contact.note("transfer.ended", {"outcome": "lost" if lost else "done", "reason": event.reason})
        await contact.back_to_flow(ev.AgentLost() if lost else ev.AgentLeft())

    async def _back(self, transfer_id: str, outcome: ev.TransferOutcome, why: str) -> None:
        contact = self._contact
        contact.timers.stop("whisper")
        await contact.note("transfer.ended", {"outcome": outcome})
        if contact.phase == "transfer":
            await contact.back_to_flow(ev.TransferResult(transfer_id=transfer_id, outcome=outcome, why=why))

    def _tell(self, transfer_id: str, outcome: ev.TransferOutcome, why: str) -> None:
        """After the step that asked is carried out whole."""
        contact = self._contact
        contact.post(lambda: contact.step(ev.TransferResult(transfer_id=transfer_id, outcome=outcome, why=why)))


async def enter_flow(contact: Contact, engine: FlowEngine, context: dict[str, str]) -> None:
    """The run goes on in another flow, with all that is known."""
    old = contact.run
    counted = {**old.other_visits, old.flow: dict(old.visits)}
    new = engine.new_state(
        contact_id=contact.contact_id,
        channel=old.channel,
        locale=old.locale,
        caller=old.caller,
        attributes={**frames.known(old), **context},
        policy=old.policy,
        conversation_id=old.conversation_id,
    )
    contact.run = msgspec.structs.replace(
        new,
        visits=counted.pop(
            "", {}
        ),  # what is asked for outside is known by its visit, and must not seem to be asked again
        other_visits=counted,
        next_play=old.next_play,
        said=old.said,
        intent=old.intent,
        intent_level=old.intent_level,
        query=old.query,
        pending=old.pending,
        answered=old.answered,
        text_turn=old.text_turn,
        slow=old.slow,
        comforted=old.comforted,
        consents=old.consents,
        recording=old.recording,
        feeling=old.feeling,
        auth_level=old.auth_level,
        customer_id=old.customer_id,
        claimed=old.claimed,
        proven=old.proven,
        carried=old.carried,
        reason=old.reason,
        to_people=old.to_people,
        variants=old.variants,
        last_why=old.last_why,
    )
    contact.engine, contact.flow_id = engine, engine.flow.id
    contact.language = contact.run.locale
    contact.caller.hotwords = engine.flow.recognition.hotwords
    await contact.step(ev.Started())
    if (
        contact.listening.may_record and not contact.run.sensitive
    ):  # a flow that asks for it begins in silence: here it was asked
        await contact.caller.record("resume")
