"""Loads recogniser and voices for tests with sound, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from dialog.engine import FlowEngine
from dialog.flow import Flow
from dialog.flowtest import Player, ReadTests, Scenario
from dialog.flowtest.outside import given_ports
from dialog.options import DialogOptions
from dialog.ports import Ports
from server import models
from server.flowtest.voices import Voices
from server.settings import Settings, load
from tts.speaker import Speaker


@dataclass
class Sound:
    """What speaks and what hears; each is loaded when it is first needed."""

    settings: Settings

    @classmethod
    def load(cls) -> Sound:
        """With the installation's settings. Raises `SettingsError`."""
        return cls(load())

    @cached_property
    def voices(self) -> Voices:
        """The speaker, with its cache."""
        return Voices(Speaker(self.settings.tts, self.settings.models_dir))

    def players(
        self, tests: ReadTests, flow: Flow, ports: Ports, options: DialogOptions
    ) -> Callable[[Scenario], Player]:
        """Makes players with sound. Raises `models.InstallError` or `ModelError` when there is no recogniser."""
        from asr.engine import Recogniser
        from asr.gate import VoiceGate
        from server.flowtest.audio import AudioPlayer, Listener

        folder = models.resolve(self.settings.asr.model, self.settings.models_dir)
        listener = Listener(
            Recogniser(self.settings.asr, folder, VoiceGate()),
            tuple(options.number("*").languages),
            self.settings.media,
        )

        def make(scenario: Scenario) -> Player:
            own, breaker = given_ports(
                ports,
                scenario.given,
                calendars=flow.calendars,
                attempts=options.lockout_attempts,
                lockout_s=options.lockout_s,
            )
            engine = FlowEngine(flow, own, options)
            return AudioPlayer(
                engine, scenario, breaker, folder=tests.path.parent, listener=listener, voices=self.voices
            )

        return make
