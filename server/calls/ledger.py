"""One turn's latency, stage by stage, from the caller's last voiced sample to the first audible sample of the reply.

The worker measures what lies inside it (endpointing, recognition, synthesis), the app measures its own thinking;
what is left between the worker's two reports is the way between the processes. So the stages add up exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from session import wire


@dataclass(slots=True)
class Turn:
    """A turn under way: heard at `heard_at` (worker's UTC ms), answered by the play `play_id`."""

    heard_at: int
    heard: list[wire.Stage]
    dialog_ms: float = 0.0
    play_id: str = ""


@dataclass(slots=True)
class TurnLedger:
    """Pairs final utterances with the first prompt that answers them."""

    turn: Turn | None = field(default=None)

    def heard(self, at: int, ledger: list[wire.Stage]) -> None:
        """A final utterance came; an unanswered earlier one is forgotten."""
        self.turn = Turn(at, ledger)

    def answered(self, play_id: str, dialog_ms: float) -> None:
        """The first prompt of the reply was ordered after `dialog_ms` of thinking."""
        if self.turn is not None and not self.turn.play_id:
            self.turn.play_id = play_id
            self.turn.dialog_ms = dialog_ms

    def audible(self, at: int, event: wire.PlayStarted) -> list[wire.Stage] | None:
        """The prompt became audible: the turn's stages, or None when it answers no turn."""
        turn = self.turn
        if turn is None or turn.play_id != event.play_id:
            return None
        self.turn = None
        inside = sum(stage.ms for stage in event.ledger)
        # The parts are timed finer than the whole, whose ends are whole ms: what they have too much the flow gives.
        left = at - turn.heard_at - turn.dialog_ms - inside
        dialog = max(0.0, turn.dialog_ms + min(0.0, left))
        between = at - turn.heard_at - dialog - inside
        return [
            *turn.heard,
            wire.Stage(name="dialog", ms=round(dialog, 1)),
            wire.Stage(name="between_processes", ms=round(between, 1)),
            *event.ledger,
        ]
