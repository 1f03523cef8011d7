"""`visual`: ask for a photo, the camera or the screen, have it looked at, and go on by what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Asking
from dialog.effects import AskVisual, CancelVisual, Inspect
from dialog.events import Heard, Inspected, Received
from dialog.ports import Understood
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn

Analyser = Literal["ocr", "barcode", "document", "moderation"]
INSPECT_MS = 20_000  # s that looking at a picture may take before it counts as failed


class Visual(Asking):
    """`received`: it came and the analysers, if any, took it; `rejected`: they did not; `none`: nothing came in time.

    What the analysers read becomes attributes (`sets` names them), under `slot` the reference of the picture.
    """

    required: ClassVar[frozenset[str]] = frozenset({"received", "none", "rejected"})
    digressible: ClassVar[bool] = True

    type: Literal["visual"]
    want: Literal["photo", "video", "screen"] = "photo"
    prompt: Localised
    waiting: Localised | None = Field(default=None, description="said when the picture is there and is looked at")
    slot: str = Field(
        default="picture", pattern=r"^[a-z][a-z0-9_]*$", description="attribute that gets the picture's reference"
    )
    analysers: list[Analyser] = Field(default_factory=list, description="what looks at it; empty = nothing does")
    sets: list[str] = Field(default_factory=list, description="what analysers read that wordings and conditions name")
    timeout_s: float = Field(default=120.0, ge=5, le=3600, description="s until `none`, from the end of the prompt")

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question, and what is said meanwhile."""
        wordings = {"prompt": self.prompt}
        return wordings | {"waiting": self.waiting} if self.waiting else wordings

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """Reference and readings."""
        return frozenset({self.slot, *self.sets}) if exit_name != "none" else frozenset()

    def question(self, turn: Turn) -> dict[str, str]:
        """The question."""
        return self.prompt

    async def enter(self, turn: Turn) -> None:
        """Ask, on the line and on the screen."""
        turn.state.phase = "asked"
        self.listen(turn)
        turn.say(turn.render(self.prompt))
        self._ask(turn)

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """From now on time counts; silence does not, since hands are busy."""
        if turn.state.phase == "asked" and "visual" not in turn.state.timers:
            turn.start_timer("visual", round(self.timeout_s * 1000))

    async def unspoken(self, turn: Turn, before: bool) -> bool:
        """The page asks as well; what is said while it is looked at is a courtesy."""
        await self.spoken(turn, False)
        return True

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """A no ends it; anything else is no picture."""
        if turn.state.phase == "asked" and meaning.intent == "no":
            self._leave_none(turn, "the caller does not want to")

    async def received(self, turn: Turn, event: Received) -> None:
        """Have it looked at, or go on."""
        state = turn.state
        if event.request_id != turn.visit_id or state.phase != "asked":
            return
        turn.cancel_timer("visual")
        turn.stop_speaking()
        turn.set({self.slot: event.ref})
        if not self.analysers:
            turn.leave("received", f"a {self.want} came")
            return
        state.phase, state.memo["ref"] = "inspecting", event.ref
        self._inspect(turn)
        if self.waiting:
            turn.say(turn.render(self.waiting))

    async def inspected(self, turn: Turn, event: Inspected) -> None:
        """By what the analysers say."""
        if event.request_id != turn.visit_id or turn.state.phase != "inspecting":
            return
        turn.cancel_timer("visual")
        if event.values:
            turn.set(event.values)
        turn.leave("received" if event.accepted else "rejected", event.why or "looked at")

    async def timer(self, turn: Turn, name: str) -> None:
        """Nothing came, or nobody says what it is."""
        if name != "visual":
            return
        if turn.state.phase == "asked":
            self._leave_none(turn, "nothing came in time")
        else:
            turn.leave("rejected", "it could not be looked at in time")

    async def taken_away(self, turn: Turn) -> None:
        """Nobody waits for it any more."""
        if turn.state.phase == "asked":
            turn.effects.append(CancelVisual(request_id=turn.visit_id))

    async def resume(self, turn: Turn) -> None:
        """Ask again under the same id; the page shows one request."""
        self.listen(turn)
        if turn.state.phase == "inspecting":
            self._inspect(turn)
            return
        self._ask(turn)
        if not turn.speaking:
            await self.spoken(turn, False)

    def _ask(self, turn: Turn) -> None:
        turn.effects.append(
            AskVisual(
                request_id=turn.visit_id,
                want=self.want,
                timeout_ms=round(self.timeout_s * 1000),
                locale=turn.state.locale,
            )
        )

    def _inspect(self, turn: Turn) -> None:
        turn.effects.append(
            Inspect(
                request_id=turn.visit_id,
                ref=str(turn.state.memo["ref"]),
                analysers=list(self.analysers),
                locale=turn.state.locale,
            )
        )
        turn.start_timer("visual", INSPECT_MS)

    def _leave_none(self, turn: Turn, why: str) -> None:
        turn.effects.append(CancelVisual(request_id=turn.visit_id))
        turn.leave("none", why)
