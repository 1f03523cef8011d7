"""Rules about verification: factors that cannot give the level, phrases that are not said, voices without consent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dialog.blocks.consent import Consent
from dialog.blocks.verify import Verify
from dialog.blocks.voiceprint import Voiceprint
from dialog.flow import Flow
from dialog.paths import reach
from dialog.rulebook import rule
from dialog.text import variables
from dialog.verification.levels import DEFAULT_LEVELS, level_of
from dialog.yamlfile import Document, Problem
from session.policy import VOICEPRINT

NOT_ENOUGH = rule(
    "verify-level", "E", "all factors of a verify block together do not give its level, so nobody could pass",
    "add a factor, or ask for a lower level; docs/verification.md says what gives which",
)  # fmt: skip
TWICE = rule("verify-factor-twice", "E", "a verify block asks for one factor twice, which proves no more", "remove one")
NO_PHRASE = rule(
    "voiceprint-phrase", "E", "a voice is asked for without {{phrase}}, so a recording would do",
    "say {{phrase}} in every wording of it",
)  # fmt: skip
NO_CONSENT = rule(
    "voiceprint-consent", "E", "a voiceprint is kept on a path on which no block asked for consent to it alone",
    "add a consent block with `purposes: [voiceprint]` before it",
)  # fmt: skip


def out_of_reach(flow: Flow, levels: Mapping[int, Sequence[Sequence[str]]]) -> dict[str, str]:
    """What is said of each `verify` block whose factors do not give its level under this policy → the block's id."""
    found = {}
    for name, block in flow.blocks.items():
        if isinstance(block, Verify):
            reached = level_of(levels, [factor.name for factor in block.factors])
            if reached < block.level:
                found[f"block {name!r}: its factors give level {reached} at most, not {block.level}"] = name
    return found


def _levels(flow: Flow, document: Document) -> Iterator[Problem]:
    """By the default policy; another one is checked at the start."""
    for message, name in out_of_reach(flow, DEFAULT_LEVELS).items():
        yield document.problem(("blocks", name, "factors"), message, NOT_ENOUGH)


def _factors(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Verify):
            continue
        names = [factor.name for factor in block.factors]
        for at, factor in enumerate(names):
            if factor in names[:at]:
                message = f"block {name!r}: {factor} is asked for twice"
                yield document.problem(("blocks", name, "factors", at), message, TWICE)


def _phrases(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        asking: list[tuple[tuple[str | int, ...], dict[str, str]]] = []
        if isinstance(block, Voiceprint) and block.do == "enrol":
            asking = [(("ask",), block.ask)]
        elif isinstance(block, Verify):
            asking = [
                (("factors", at, "ask"), factor.question())
                for at, factor in enumerate(block.factors)
                if factor.type == "voiceprint"
            ]
        for place, wording in asking:
            for locale, words in wording.items():
                if "phrase" not in variables(words):
                    message = f"block {name!r}: the question in {locale} does not say {{{{phrase}}}}"
                    yield document.problem(("blocks", name, *place, locale), message, NO_PHRASE)


def _consent(flow: Flow, document: Document) -> Iterator[Problem]:
    """Comparing needs no rule: it happens only under the consent that the voiceprint was kept with, which stands till withdrawn."""
    asking = {n for n, b in flow.blocks.items() if isinstance(b, Consent) and set(b.purposes) == {VOICEPRINT}}
    before = reach(flow, [flow.start], stop=asking) - asking
    for name, block in flow.blocks.items():
        if isinstance(block, Voiceprint) and block.do == "enrol" and name in before:
            message = f"block {name!r}: a voiceprint is kept before consent to it was asked in a question of its own"
            yield document.problem(("blocks", name), message, NO_CONSENT)


CHECKS = (_levels, _factors, _phrases, _consent)
