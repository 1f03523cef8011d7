"""One step of a run at work: what blocks may do. Collects effects; the engine follows `target`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from dialog import cel, frames, guard, speaking, text
from dialog.blocks.base import UTTERANCE_MS, Block
from dialog.effects import (
    AnyEffect,
    CancelTimer,
    Expect,
    PauseRecording,
    Record,
    ResumeRecording,
    Say,
    SayChannel,
    SetAttributes,
    StartTimer,
    StopSpeaking,
    Trace,
    Wanted,
)
from dialog.entities import Entity, EntityType, extract
from dialog.options import DialogOptions
from dialog.ports import Found, Ports
from dialog.state import Playing, RunState, Said
from session.speech import SayAs, Style, shifted

if TYPE_CHECKING:
    from dialog.flow import Flow
    from session.consent import VoiceprintConsent

PROMPT_SLACK_MS = 15_000  # beyond a slow reading of a prompt, its end was lost
SAID_KEPT = 60
DATA_KEPT = 12  # answers of business systems that one decision's record names
HIDDEN = "[hidden]"


class Turn:
    """Working context of one `FlowEngine.step`."""

    def __init__(self, root: Flow, ports: Ports, options: DialogOptions, state: RunState, now_ms: int) -> None:
        self.root = root
        """The run's own flow, with those that it may call."""
        self.flow = frames.current(root, state)
        """The flow in which the run is now."""
        self.ports = ports
        self.options = options
        self.state = state
        self.now_ms = now_ms
        self.effects: list[AnyEffect] = []
        self.target: str | None = None
        self.exit = ""
        self.why = ""
        self.ref = ""
        """The sub-flow into which `target` leads, if it is a call."""
        self.calling: dict[str, Any] | None = None
        """Inputs of that sub-flow."""
        self.above = 0
        """How many calls `target` leads back out of."""
        self.brought: dict[str, Any] = {}
        """What a sub-flow that is done gives its caller."""
        self.classified_ms = 0.0
        """How long it took to understand the caller's last words."""
        self.early: bool | None = None
        """What the caller said or pressed came before the last prompt could be heard. None: they did neither."""
        self.written = False
        """A prompt was only written, so nobody will report its end."""
        self._typed: dict[str, list[SayAs]] = {}
        """What was rendered in this step → its pieces that are read character by character."""

    @property
    def block(self) -> Block:
        """Where the run is."""
        return self.flow.blocks[self.state.block]

    def trace(self, exit_name: str, why: str) -> None:
        """Note that the present block is left."""
        state = self.state
        kind = self.flow.blocks[state.block].type if state.block in self.flow.blocks else ""
        self.effects.append(
            Trace(
                flow=state.flow,
                block=state.block,
                type=kind,
                exit=exit_name,
                why=why,
                ms=max(0, self.now_ms - state.entered_ms),
            )
        )

    # ------------------------------------------------------------------ speaking

    def render(self, wording: dict[str, str], also: dict[str, str] | None = None) -> str:
        """The wording for the run's locale and channel, filled in; `also` goes before the run's own values."""
        values = {**self.values(), **(also or {})}
        wanted = text.pick(wording, self.state.locale, self.state.channel)
        words, typed = text.render_typed(wanted, values, self.state.locale)
        self._typed[words] = typed
        return words

    def say(self, words: str, *, interruptible: bool = True, article: str = "", style: Style = "") -> None:
        """Speak and/or write; the block's `spoken` is called when it has ended. `style` where the caller asks for none."""
        state = self.state
        if not words:
            self.written = True
            return
        say_as = self._typed.get(words, [])
        if kind := speaking.comfort(state, self.root, self.options):
            say_as = shifted(say_as, -len(kind) - 1)
            words = f"{kind} {words}"
        screened = self.screened(words)
        if screened != words:
            say_as = []
        words = screened
        if article:
            state.last_answer = words
        play = Playing(
            play_id=self._next_play(),
            text=words,
            block=state.block,
            interruptible=interruptible,
            article=article,
            say_as=say_as,
            style=speaking.style(state, self.root.speaking, style) if state.spoken else "",
        )
        self._order(play, "chat" if not state.spoken else "both" if state.text_turn else "voice")

    def say_again(self, play: Playing) -> None:
        """Speak once more what could not be spoken, or was said to a line that was lost; what was written stands."""
        self._order(
            msgspec.structs.replace(play, play_id=self._next_play(), block=self.state.block, again=True), "voice"
        )

    def _next_play(self) -> str:
        play_id = f"{self.state.contact_id}-p{self.state.next_play}"
        self.state.next_play += 1
        return play_id

    def _order(self, play: Playing, channel: SayChannel) -> None:
        state = self.state
        self.effects.append(
            Say(
                play_id=play.play_id,
                text=play.text,
                locale=state.locale,
                block=state.block,
                interruptible=play.interruptible,
                channel=channel,
                article=play.article,
                say_as=play.say_as,
                style=play.style,
            )
        )
        if channel == "chat":
            self.remember("bot", play.text)
            self.written = True
            return
        state.playing.append(play)
        del state.playing[:-8]
        words = sum(text.count_words(each.text) for each in state.playing if each.block)  # one is heard after the other
        self.start_timer("prompt", PROMPT_SLACK_MS + 400 * words)
        self.cancel_timer("no_input")

    def screened(self, words: str) -> str:
        """The words as they may be spoken; every hit of a policy pack is recorded."""
        found = self.ports.filters.screen(words, self.state.locale)
        for hit in found.hits:
            self.effects.append(Record(kind="content_filter", payload={"block": self.state.block, **hit}))
        return found.text

    def stop_speaking(self) -> None:
        """Cut every prompt that is under way; their ends no longer matter to the block."""
        if any(play.block for play in self.state.playing):
            self.effects.append(StopSpeaking())
            for play in self.state.playing:
                play.block = ""
        self.state.unheard.clear()
        self.cancel_timer("prompt")

    @property
    def speaking(self) -> bool:
        """Whether a prompt of the present block is under way."""
        return any(play.block == self.state.block for play in self.state.playing)

    def remember(self, who: str, words: str) -> None:
        """Add to the run's memory of the talk."""
        if words:
            self.state.said.append(Said(who="bot" if who == "bot" else "caller", text=words))
            del self.state.said[:-SAID_KEPT]

    # ------------------------------------------------------------------ listening

    def expect(
        self,
        *,
        speech: bool = True,
        digits: bool = True,
        sensitive: bool = False,
        wants: Wanted = "sentence",
        digit_count: int = 0,
        voiceprint: VoiceprintConsent | None = None,
    ) -> None:
        """Say what the caller may do now; sensitive input also pauses the recording."""
        self.effects.append(
            Expect(
                speech=speech,
                digits=digits,
                sensitive=sensitive,
                wants=wants,
                digit_count=digit_count,
                voiceprint=voiceprint,
            )
        )
        if sensitive != self.state.sensitive:
            self.state.sensitive = sensitive
            if self.may_record:
                self.effects.append(PauseRecording() if sensitive else ResumeRecording())

    @property
    def may_record(self) -> bool:
        """Recording is going on: agreed to, or the flow never asks."""
        agreed = self.state.consents.get("recording", not self.root.asks_to_record)
        return agreed and self.state.recording == "on"

    def wait_for_caller(self) -> None:
        """The prompt has ended: from now on silence counts, unless the caller is speaking."""
        if self.state.caller_speaking:
            self.start_timer("no_input", UTTERANCE_MS)
            return
        seconds = self.options.no_input_s if self.state.spoken else self.options.chat_no_input_s
        self.start_timer("no_input", round(seconds * 1000))

    def start_timer(self, name: str, ms: int) -> None:
        """(Re)start a timer."""
        self.state.timers[name] = self.now_ms + ms
        self.effects.append(StartTimer(name=name, ms=ms))

    def cancel_timer(self, name: str) -> None:
        """Stop a timer if it runs."""
        if self.state.timers.pop(name, None) is not None:
            self.effects.append(CancelTimer(name=name))

    # ------------------------------------------------------------------ going on

    def leave(self, exit_name: str, why: str) -> None:
        """Leave the block by this exit; the first call of a step counts."""
        if self.target is None:
            block = self.flow.blocks[self.state.block]
            self.go(block.way(exit_name, self.state.channel), exit_name, why)

    def go(self, target: str, exit_name: str, why: str, *, above: int = 0) -> None:
        """Go to a block whatever the present one's exits are (handlers); `above`: in the caller so many calls up."""
        self.target, self.exit, self.why, self.above, self.ref = target, exit_name, why, above, ""

    def call(self, ref: str, inputs: dict[str, Any]) -> None:
        """Go into a sub-flow; the block where the run is stays the one that is left when it comes back."""
        if self.target is None:
            self.go(self.root.subflows[ref].start, "", f"calls {ref}")
            self.ref, self.calling = ref, inputs

    def finish_call(self, outcome: str, why: str) -> None:
        """Leave a sub-flow by one of its outcomes; the caller's `out` is computed here, where its values are."""
        if self.target is not None:
            return
        state = self.state
        frame = state.stack[-1]
        block = (self.root.subflows[frame.flow] if frame.flow else self.root).blocks[frame.block]
        outputs: dict[str, str] = getattr(block, "outputs", {})
        exit_name = outcome if outcome in block.exits else "error"
        self.brought = {}
        for name, expression in outputs.items() if exit_name != "error" else ():
            try:
                self.brought[name] = self.evaluate(expression)
            except cel.ExpressionError:
                continue  # what the sub-flow has not come to know on this way is not brought back
        self.go(block.way(exit_name, state.channel), exit_name, why, above=1)

    @property
    def visit_id(self) -> str:
        """Names this visit of this block in this contact: the same after a restart, and no other's."""
        state = self.state
        place = f"{state.flow}/{state.block}" if state.flow else state.block
        return f"{state.contact_id}:{place}:{state.visits.get(state.block, 1)}"

    def extract(self, words: str, kinds: Sequence[EntityType]) -> list[Entity]:
        """Values in the words, surest first; "tomorrow" is the day after the call's, in the flow's time zone."""
        now = datetime.fromtimestamp(self.now_ms / 1000, UTC)
        return extract(words, kinds, self.state.locale, now, self.root.timezone)

    def set(self, values: dict[str, Any]) -> None:
        """Change conversation attributes."""
        self.state.attributes.update(values)
        self.effects.append(SetAttributes(values=values))

    def values(self, *, private: bool = False) -> dict[str, Any]:
        """What prompts and conditions can name; `private`: with sensitive slots, which are neither said nor kept."""
        state = self.state
        feeling = state.feeling
        return {
            "company": text.pick(self.options.company, state.locale),
            **state.attributes,
            "customer": guard.known_of(state.attributes.get("customer", {}), state.auth_level),
            **(state.private.values if private else {}),
            "locale": state.locale,
            "channel": state.channel,
            "policy": state.policy,
            "intent": state.intent,
            "auth_level": state.auth_level,
            "visits": dict(state.visits),
            "emotion": {
                "label": feeling.label,
                "arousal": feeling.arousal,
                "valence": feeling.valence,
                "confidence": feeling.confidence,
                "turns": feeling.turns,
                "frustration": feeling.frustration,
                "disagreement": feeling.disagreement,
            },
        }

    async def search(self, words: str) -> Found | None:
        """The article that answers, among those for callers as surely known as this one."""
        return await self.ports.knowledge.search(words, self.state.locale, self.state.auth_level)

    def evaluate(self, expression: str) -> Any:
        """Value of a CEL expression now; sensitive slots for blocks that may see them. Raises `cel.ExpressionError`."""
        return cel.evaluate(expression, self.values(private=self.block.sees_private))
