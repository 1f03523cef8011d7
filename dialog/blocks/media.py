"""`media`: recording, what is analysed, hold and the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from dialog.blocks.base import Block
from dialog.effects import PauseRecording, ResumeRecording, SetMedia

if TYPE_CHECKING:
    from dialog.turn import Turn


class Media(Block):
    """Changes what is given and leaves the rest as it is. Nothing here does what the caller did not consent to."""

    silent: ClassVar[bool] = True

    type: Literal["media"]
    record: Literal["start", "pause", "stop"] | None = Field(
        default=None,
        description="pause = silence until `start`; stop = the same, and what merely pauses it (a PIN) does not start it again",
    )
    mask_keys: bool | None = Field(default=None, description="keep the tones of keys out of the recording")
    analysis: bool | None = Field(
        default=None, description="judge how the caller feels; `true` does so only with their consent"
    )
    hold: bool | None = Field(default=None, description="play hold music to the caller, and hear nothing")
    video: bool | None = Field(default=None, description="take the caller's picture, on a video call")

    @model_validator(mode="after")
    def _something(self) -> Media:
        if all(part is None for part in (self.record, self.mask_keys, self.analysis, self.hold, self.video)):
            raise ValueError("changes nothing; give one of record, mask_keys, analysis, hold, video")
        return self

    async def enter(self, turn: Turn) -> None:
        """Order it, and go on."""
        state = turn.state
        if self.record == "start":
            state.recording = "on"
            if turn.may_record:
                turn.effects.append(ResumeRecording())
        elif self.record is not None:
            state.recording = "paused" if self.record == "pause" else "stopped"
            turn.effects.append(PauseRecording())
        if any(part is not None for part in (self.mask_keys, self.analysis, self.hold, self.video)):
            analysis = self.analysis
            if analysis and not state.consents.get("emotion"):
                analysis = None
            turn.effects.append(SetMedia(mask_keys=self.mask_keys, analysis=analysis, hold=self.hold, video=self.video))
        turn.leave("next", "ordered")
