"""Rules that a flow must keep before anybody calls in; each part's live in a module of its own and are listed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dialog import (
    emotion_rules,
    speaking,
    validate_actions,
    validate_calls,
    validate_consent,
    validate_handover,
    validate_paths,
    validate_private,
    validate_values,
    validate_verification,
    validate_words,
)
from dialog.flow import Flow
from dialog.yamlfile import Document, Problem

Check = Callable[[Flow, Document], Iterator[Problem]]


def validate(flow: Flow, document: Document) -> list[Problem]:
    """All problems, by line. Severity E forbids use, W is advice."""
    problems = [problem for check in _CHECKS for problem in check(flow, document)]
    return sorted(problems, key=lambda problem: (problem.line, problem.rule.id, problem.message))


_CHECKS: tuple[Check, ...] = (
    *validate_paths.CHECKS, *validate_words.CHECKS, *validate_values.CHECKS, *validate_calls.CHECKS, *validate_consent.CHECKS,
    *speaking.CHECKS, *validate_private.CHECKS, *validate_handover.CHECKS, *validate_verification.CHECKS, *validate_actions.CHECKS, emotion_rules.kept, emotion_rules.sale,
)  # fmt: skip
