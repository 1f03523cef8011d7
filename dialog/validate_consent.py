"""Rules about consent: what may not be read before it was asked for, and how it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from dialog.blocks.consent import Consent
from dialog.flow import Flow
from dialog.paths import reach
from dialog.rulebook import rule
from dialog.yamlfile import Document, Problem
from session.policy import VOICE_PURPOSES

NEVER_ASKED = rule(
    "emotion-without-consent", "E", "a handler needs emotion, but no block asks for consent to it",
    "add a consent block with purpose emotion, or remove the handler",
)  # fmt: skip
TOO_EARLY = rule(
    "emotion-before-consent", "E", "an expression reads emotion on a path on which consent was not asked yet",
    "ask for consent before, or read it later",
)  # fmt: skip
SILENCE = rule(
    "consent-by-silence", "E", "silence is taken for consent to emotion, whatever it is to recording",
    "use `default: refused`, or ask for emotion in a consent block of its own",
)  # fmt: skip
APART = rule(
    "consent-history-apart", "E", "emotion_history is asked together with something else, so a yes to it counts for nothing",
    "give it a consent block of its own",
)  # fmt: skip
TOGETHER = rule(
    "consent-together", "W", "emotion is asked together with something else; under the policy cn such a yes does not count for "
    "emotion (PIPL Art. 29), under eu a question of its own is safer (GDPR recital 43)",
    "ask in a consent block of its own",
)  # fmt: skip


def _emotion(flow: Flow, document: Document) -> Iterator[Problem]:
    asking = {n for n, b in flow.blocks.items() if isinstance(b, Consent) and "emotion" in b.purposes}
    if flow.handlers.on_emotion is not None and not asking:
        message = "emotion without consent: no consent block asks for purpose emotion"
        yield document.problem(("handlers", "on_emotion"), message, NEVER_ASKED)
    before = reach(flow, [flow.start], stop=asking)
    for name, block in flow.blocks.items():
        for parameter, expression in block.expressions().items():
            if "emotion" in expression and name in before - asking:
                message = f"block {name!r}: {parameter} reads emotion before consent was asked"
                yield document.problem(("blocks", name, parameter.split(".")[0]), message, TOO_EARLY)


def _asked(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Consent):
            continue
        if block.default == "given" and VOICE_PURPOSES & set(block.purposes):
            message = f"block {name!r}: silence is no consent to emotion"
            yield document.problem(("blocks", name, "default"), message, SILENCE)
        if len(set(block.purposes)) < 2:
            continue
        place = ("blocks", name, "purposes")
        if "emotion_history" in block.purposes:
            message = f"block {name!r}: emotion_history needs a question of its own, or a yes to it counts for nothing"
            yield document.problem(place, message, APART)
        elif "emotion" in block.purposes:
            message = f"block {name!r}: asks for emotion together with something else"
            yield document.problem(place, message, TOGETHER)


CHECKS = (_emotion, _asked)
