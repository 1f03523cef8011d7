"""One step of a run at work: what blocks may do. Collects effects; the engine follows `target`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialog import cel, text
from dialog.blocks.base import UTTERANCE_MS
from dialog.events import (
    AnyEffect,
    CancelTimer,
    Expect,
    PauseRecording,
    Performed,
    ResumeRecording,
    Say,
    SetAttributes,
    StartTimer,
    StopSpeaking,
    Wanted,
)
from dialog.options import DialogOptions
from dialog.ports import Ports, Understood
from dialog.state import Playing, RunState, Said

if TYPE_CHECKING:
    from dialog.flow import Flow

PROMPT_SLACK_MS = 15_000  # beyond a slow reading of a prompt, its end was lost
SAID_KEPT = 60
DATA_KEPT = 12  # answers of business systems that one decision's record names
HIDDEN = "[hidden]"


class Turn:
    """Working context of one `FlowEngine.step`."""

    def __init__(self, flow: Flow, ports: Ports, options: DialogOptions, state: RunState, now_ms: int) -> None:
        self.flow = flow
        self.ports = ports
        self.options = options
        self.state = state
        self.now_ms = now_ms
        self.effects: list[AnyEffect] = []
        self.target: str | None = None
        self.exit = ""
        self.why = ""
        self.classified_ms = 0.0
        self.written = False
        """A prompt was only written, so nobody will report its end."""

    # ------------------------------------------------------------------ speaking

    def render(self, wording: dict[str, str], also: dict[str, str] | None = None) -> str:
        """The wording in the run's locale with variables filled in; `also` goes before the run's own values."""
        values = {**self.values(), **(also or {})}
        return text.render(text.pick(wording, self.state.locale), values, self.state.locale)

    def say(self, words: str, *, interruptible: bool = True, article: str = "") -> None:
        """Speak and/or write; the block's `spoken` is called when it has ended."""
        state = self.state
        if not words:
            self.written = True
            return
        play_id = f"{state.contact_id}-p{state.next_play}"
        state.next_play += 1
        if article:
            state.last_answer = words
        voice = state.spoken
        self.effects.append(
            Say(
                play_id=play_id,
                text=words,
                locale=state.locale,
                block=state.block,
                interruptible=interruptible,
                channel="chat" if not voice else "both" if state.text_turn else "voice",
                article=article,
            )
        )
        if voice:
            state.playing.append(Playing(play_id=play_id, text=words, block=state.block))
            del state.playing[:-8]
            self.start_timer("prompt", PROMPT_SLACK_MS + 400 * text.count_words(words))
            self.cancel_timer("no_input")
        else:
            self.remember("bot", words)
            self.written = True

    def stop_speaking(self) -> None:
        """Cut every prompt that is under way; their ends no longer matter to the block."""
        if any(play.block for play in self.state.playing):
            self.effects.append(StopSpeaking())
            for play in self.state.playing:
                play.block = ""
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
    ) -> None:
        """Say what the caller may do now; sensitive input also pauses the recording."""
        self.effects.append(
            Expect(speech=speech, digits=digits, sensitive=sensitive, wants=wants, digit_count=digit_count)
        )
        if sensitive != self.state.sensitive:
            self.state.sensitive = sensitive
            if self.may_record:
                self.effects.append(PauseRecording() if sensitive else ResumeRecording())

    @property
    def may_record(self) -> bool:
        """Recording is going on: agreed to, or the flow never asks."""
        return self.state.consents.get("recording", not self.flow.asks_to_record)

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
            self.go(block.exits[exit_name], exit_name, why)

    def go(self, target: str, exit_name: str, why: str) -> None:
        """Go to a block whatever the present one's exits are (handlers)."""
        self.target, self.exit, self.why = target, exit_name, why

    def set(self, values: dict[str, Any]) -> None:
        """Change conversation attributes."""
        self.state.attributes.update(values)
        self.effects.append(SetAttributes(values=values))

    def values(self) -> dict[str, Any]:
        """What prompts and conditions can name."""
        state = self.state
        feeling = state.feeling
        return {
            "company": text.pick(self.options.company, state.locale),
            "customer": {},
            **state.attributes,
            "locale": state.locale,
            "channel": state.channel,
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

    # ------------------------------------------------------------------ the layers of a decision

    async def classify(self, words: str) -> Understood:
        """What the words ask for, and how long that took."""
        began = self.ports.stopwatch()
        meaning = await self.ports.understanding.classify(words)
        self.classified_ms = round((self.ports.stopwatch() - began) * 1000, 1)
        return meaning

    def intend(self, meaning: Understood, words: str) -> None:
        """The caller's request is understood: a decision that follows begins here."""
        state = self.state
        state.query, state.intent, state.last_answer = words, meaning.intent, ""
        state.layers = {
            "since": self.now_ms,
            "intent": {
                "name": meaning.intent,
                "confidence": round(meaning.confidence, 3),
                "ms": self.classified_ms,
            },
            "data": [],
        }

    def add_data(self, block: str, outcome: str, ms: float) -> None:
        """Business data came (or did not)."""
        data = self.state.layers.setdefault("data", [])
        data.append({"block": block, "outcome": outcome, "ms": round(ms, 1)})
        del data[:-DATA_KEPT]

    def layers(self, result: Performed) -> dict[str, Any]:
        """The record of a decision by rule: intent, data, rule, each with its ms, and ms from the words to here."""
        layers = self.state.layers
        return {
            "block": self.state.block,
            "intent": layers.get("intent"),
            "data": layers.get("data", []),
            "rule": {**result.detail, "outcome": result.outcome, "ms": round(result.ms, 1)},
            "total_ms": max(0, self.now_ms - layers["since"]) if "since" in layers else None,
        }

    def evaluate(self, expression: str) -> Any:
        """Value of a CEL expression now. Raises `cel.ExpressionError`."""
        return cel.evaluate(expression, self.values())
