"""The caller's half of a contact: what is ordered of the worker that holds the caller's leg."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Literal

import structlog

from dialog import effects as fx
from server.calls.journal import LegRef, Play
from server.hub import Hub
from session import channel, wire
from session.consent import EmotionConsent
from session.ids import new_id
from session.speech import Style

log = structlog.get_logger(__name__)

COMMAND_ERRORS = (channel.Disconnected, channel.RemoteError, TimeoutError)
MUSIC_DB = -6.0  # dB; music at the level of speech tires whoever waits


class CallerSide:
    """One caller's leg. Orders that fail are logged: a leg that is gone reports its end by itself."""

    def __init__(self, hub: Hub, ref: LegRef, music: Path, languages: list[str], hotwords: list[str]) -> None:
        self.ref = ref
        self.music_id = ""
        self.tune = music
        """What is played to who waits."""
        self.tone_id = ""
        self._hub = hub
        self._languages = languages
        self.hotwords = hotwords
        self._hearing: wire.Hearing | None = None
        self._told: wire.Hearing | None = None
        self._telling = asyncio.Lock()
        self._said: Play | None = None

    @property
    def listening(self) -> bool:
        """Is the caller's speech recognised now? At first it is."""
        return self._hearing is None or self._hearing.speech

    @property
    def saying(self) -> bool:
        """Is a prompt of the flow playing or waiting?"""
        return any(play.kind == "say" for play in self.ref.plays.values())

    def early(self, at_ms: int | None = None) -> bool:
        """Was this moment of the leg (now: None) before the first sound of the flow's last prompt?"""
        if self._said is None:
            return False
        began_ms = self._said.began_ms
        return began_ms is None or (at_ms is not None and at_ms < began_ms)

    async def say(self, effect: fx.Say) -> None:
        """Speak a prompt of the flow after what is queued."""
        self._said = self.ref.plays[effect.play_id] = Play(
            "say", effect.text, effect.block, effect.locale, effect.article
        )
        await self._send(
            wire.PlaySpeech(
                leg_id=self.ref.leg_id,
                play_id=effect.play_id,
                text=effect.text,
                locale=effect.locale,
                interruptible=effect.interruptible,
                say_as=effect.say_as,
                style=effect.style,
            )
        )

    async def announce(self, text: str, language: str, style: Style = "") -> None:
        """Speak between the music, which goes on afterwards. Who writes sees it on the page."""
        if not self.ref.leg_id:
            return
        await self.music(False, language)
        play_id = new_id()
        self.ref.plays[play_id] = Play("announce", text, "queue", language)
        await self._send(
            wire.PlaySpeech(
                leg_id=self.ref.leg_id, play_id=play_id, text=text, locale=language, interruptible=False, style=style
            )
        )
        await self.music(True, language)

    async def music(self, on: bool, language: str) -> None:
        """Hold music after what is queued, or none."""
        if self.music_id:
            await self._send(wire.StopPlay(leg_id=self.ref.leg_id, play_id=self.music_id))
            self.music_id = ""
        if on and self.ref.leg_id:
            self.music_id = new_id()
            self.ref.plays[self.music_id] = Play("music", "", "queue", language)
            await self._send(
                wire.PlayFile(
                    leg_id=self.ref.leg_id, play_id=self.music_id, path=str(self.tune), loop=True, gain_db=MUSIC_DB
                )
            )

    async def tone(self, tone: wire.Tone | None) -> None:
        """A signal, over and over, or none."""
        if self.tone_id:
            await self._send(wire.StopPlay(leg_id=self.ref.leg_id, play_id=self.tone_id))
            self.tone_id = ""
        if tone is not None and self.ref.leg_id:
            self.tone_id = new_id()
            self.ref.plays[self.tone_id] = Play("music", "", "hold", "")
            await self._send(wire.PlayTone(leg_id=self.ref.leg_id, play_id=self.tone_id, tone=tone, loop=True))

    async def signal(self, tone: wire.Tone) -> None:
        """A short signal."""
        play_id = new_id()
        self.ref.plays[play_id] = Play("music", "", "signal", "")
        await self._send(wire.PlayTone(leg_id=self.ref.leg_id, play_id=play_id, tone=tone))

    async def stop(self) -> None:
        """Silence everything that plays or waits."""
        await self._send(wire.StopPlay(leg_id=self.ref.leg_id))

    async def listen(
        self,
        speech: bool,
        *,
        emotion: EmotionConsent | None = None,
        baseline: bytes = b"",
        wanted: fx.Expect | None = None,
        hint: str = "",
    ) -> None:
        """Recognise the caller's speech, or not; judge the voice only with consent.

        `baseline` is what earlier calls taught of the voice, `wanted` what the flow awaits, `hint` a sentence in the
        style of what callers say.
        """
        hearing = wire.Hearing(
            speech=speech,
            partials=wanted is None or not wanted.sensitive,
            private=wanted is not None and wanted.sensitive,
            emotion=emotion,
            baseline=baseline,
            languages=self._languages,
            hotwords=self.hotwords,
            hint=hint,
            expects="sentence" if wanted is None else wanted.wants,
            digit_count=0 if wanted is None else wanted.digit_count,
            voiceprint=None if wanted is None else wanted.voiceprint,
        )
        self._hearing = hearing
        async with self._telling:  # in order: an order to stop must not be overtaken
            # What did not arrive is sent again with the next order: a leg must not go on judging a voice over it.
            if hearing != self._told and await self._send(wire.SetHearing(leg_id=self.ref.leg_id, hearing=hearing)):
                self._told = hearing

    async def keys(self, digits: str) -> None:
        """Tones to the caller."""
        await self._send(wire.SendDtmf(leg_id=self.ref.leg_id, digits=digits))

    async def record(self, action: Literal["pause", "resume", "stop"]) -> None:
        """The leg's recording."""
        await self._send(wire.RecordLeg(leg_id=self.ref.leg_id, action=action))

    def forget(self) -> None:
        """It is another leg from now on, which was told nothing yet and plays nothing."""
        self.music_id = self.tone_id = ""
        self._told = self._said = None

    async def give_back(self, leg_id: str) -> None:
        """End the leg that the caller had before."""
        with contextlib.suppress(*COMMAND_ERRORS):  # it may have ended by itself
            await self._hub.command(leg_id, wire.HangupLeg(leg_id=leg_id, reason="moved"))

    async def hang_up(self, reason: str) -> None:
        """End the leg; the rest follows from its `LegEnded`."""
        await self._send(wire.HangupLeg(leg_id=self.ref.leg_id, reason=reason))

    async def _send(self, body: wire.LegCommand) -> bool:
        """Did it arrive? Who writes has no leg to send it to."""
        if not self.ref.leg_id:
            return True
        try:
            await self._hub.command(self.ref.leg_id, body)
        except COMMAND_ERRORS as error:
            log.warning("caller.command_failed", leg=self.ref.leg_id, command=type(body).__name__, error=str(error))
            return False
        return True
