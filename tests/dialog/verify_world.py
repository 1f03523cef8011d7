"""One caller in virtual time for tests of verification: what is said, pressed and heard, and what the world may see."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pyotp

from dialog.effects import AnyEffect, Expect, Perform, Say, Trace
from dialog.engine import FlowEngine
from dialog.events import AnyFlowEvent, Heard, HungUp, Performed, Pressed, PromptDone, Started, TimerFired
from dialog.flow import parse_flow
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.state import CallerInfo, RunState
from dialog.text import language_of
from dialog.verification.ports import Voice

START = 1_700_000_000_000

FLOW = """
format: flow/v1
id: bank
title: {{en: Bank, zh-CN: 银行}}
locales: [en, zh-CN]
channels: [voice]
start: who
blocks:
  who:
    type: verify
    level: {level}
    ask_number: {{en: "Your customer number?", zh-CN: 请说客户号。}}
    wrong: {{en: Not right., zh-CN: 不对。}}
    resumed: {{en: "Let's go on.", zh-CN: 我们接着来。}}
    factors: {factors}
    exits: {{passed: in, failed: out, locked: wait, unavailable: later, no_input: quiet}}
  in: {{type: end, text: {{en: Welcome., zh-CN: 欢迎。}}, disposition: passed}}
  out: {{type: end, text: {{en: No., zh-CN: 不行。}}, disposition: failed}}
  wait: {{type: end, text: {{en: Wait., zh-CN: 请等。}}, disposition: locked}}
  later: {{type: end, text: {{en: Later., zh-CN: 稍后。}}, disposition: unavailable}}
  quiet: {{type: end, text: {{en: Quiet., zh-CN: 安静。}}, disposition: no_input}}
"""
ASKS = {
    "pin": ("Your PIN?", "请输入密码。"),
    "birth_date": ("When were you born?", "您的出生日期？"),
    "last_four": ("Last four of your card?", "银行卡后四位？"),
    "postcode": ("Your postcode?", "您的邮编？"),
    "name": ("Your name?", "您的姓名？"),
    "totp": ("The code of your app?", "验证器上的六位数？"),
    "sent_code": ("The code we sent?", "短信验证码？"),
    "voiceprint": ("Please say {{phrase}}.", "请念 {{phrase}}。"),
}


def flow(*factors: str, level: int = 2) -> str:
    """A flow that verifies by these, and says by its disposition which exit was taken."""
    listed = [
        "{type: known_number}" if name == "known_number" else
        f'{{type: {name}, ask: {{en: "{ASKS[name][0]}", zh-CN: "{ASKS[name][1]}"}}}}'
        for name in factors
    ]  # fmt: skip
    return FLOW.format(level=level, factors="[" + ", ".join(listed) + "]")


class Caller:
    """One call."""

    def __init__(
        self,
        ports: Ports,
        source: str,
        *,
        number: str = "",
        locale: str = "en",
        now_ms: int = START,
        options: DialogOptions | None = None,
        contact: str = "c",
    ) -> None:
        self.ports = ports
        self.engine = FlowEngine(parse_flow(source)[0], ports, options or DialogOptions())
        self.state: RunState = self.engine.new_state(
            contact_id=contact, channel="voice", locale=locale, caller=CallerInfo(number=number, called="100")
        )
        self.now_ms = now_ms
        self.effects: list[AnyEffect] = []
        self.saved: list[bytes] = []
        self.said: list[str] = []

    async def call(self) -> Caller:
        """Begin."""
        await self.tell(Started())
        return self

    async def tell(self, event: AnyFlowEvent) -> None:
        """One event, and all prompts to their ends, and everything outside to its answer."""
        waiting: list[AnyFlowEvent] = [event]
        while waiting:
            self.now_ms += 1000
            found = await self.engine.step(self.state, waiting.pop(0), self.now_ms)
            self.effects += found
            self.saved.append(self.state.dump())
            for effect in found:
                if isinstance(effect, Say):
                    self.said.append(effect.text)
                    waiting.append(PromptDone(play_id=effect.play_id, outcome="done", spoken=effect.text))
                elif isinstance(effect, Perform):
                    done = await self.ports.performer.perform(effect)
                    waiting.append(Performed(call_id=done.call_id, outcome=done.outcome))

    async def says(self, text: str, voice: bytes = b"", confidence: float = 1.0) -> None:
        """Speak."""
        await self.tell(Heard(text=text, language=language_of(text) or "en", confidence=confidence, voice=voice))

    async def presses(self, keys: str) -> None:
        """Type."""
        for key in keys:
            await self.tell(Pressed(digit=key))

    async def silent(self) -> None:
        """Wait until the bot asks again."""
        due = self.state.timers["no_input"]
        self.now_ms = max(self.now_ms, due)
        await self.tell(TimerFired(name="no_input"))

    async def drops(self) -> None:
        """The line breaks."""
        await self.tell(HungUp())

    @property
    def exit(self) -> str:
        """How the block was left; empty while it asks."""
        return next((one.exit for one in reversed(self.effects) if isinstance(one, Trace) and one.block == "who"), "")

    @property
    def phrase(self) -> str:
        """The digits that were asked for last."""
        return re.sub(r"\D", "", self.said[-1])

    @property
    def expected(self) -> Expect:
        """What is awaited."""
        return next(one for one in reversed(self.effects) if isinstance(one, Expect))

    def everything(self) -> bytes:
        """All that leaves the engine or is saved, but for what is said aloud."""
        told = [effect for effect in self.effects if not isinstance(effect, Say)]
        return b"".join(self.saved) + msgspec.json.encode(told) + repr(told).encode() + repr(self.effects).encode()


CUSTOMER = "100001"
"""Of the sample: PIN 2468, 1985-03-12, SW1A 1AA, card 4417, rings from "demo"."""
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ"

RIGHT = {
    "en": {
        "pin": "two four six eight",
        "birth_date": "the twelfth of March nineteen eighty five",
        "last_four": "four four one seven",
        "postcode": "s w one a one double a",
        "name": "it's Alex Morgan",
    },
    "zh-CN": {
        "pin": "二四六八",
        "birth_date": "一九八五年三月十二号",
        "last_four": "四四幺七",
        "postcode": "S W 一 A 一 A A",
        "name": "Alex Morgan",
    },
}


class Post:
    """Takes the codes that are sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.down = False

    async def send(self, call_id: str, *, to: str, by: str, code: str, locale: str, valid_s: float) -> None:
        if self.down:
            raise OSError("down")
        self.sent.append((by, to, code))


def voice_of(speaker: int) -> Voice:
    vector = np.random.default_rng(speaker).normal(size=256).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def app_code(caller: Caller) -> str:
    return pyotp.TOTP(SECRET).at(caller.now_ms // 1000 + 1)
