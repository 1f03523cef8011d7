"""The caller's leave to analyse their voice, as a value that only a written consent can make.

Whatever analyses a voice or keeps the result takes an `EmotionConsent`; there is no flag to forget. `session.consents`
makes one where a row of the `consent` table stands for it, and nobody else does (a test reads the sources). The seal
guards against accidents (a token typed together, or one whose fields were changed), not against malice: whoever can
run code here needs no token.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from session.policy import PolicyName

ON_EMOTION = "on_emotion"
"""Name of the flow's handler for moods."""
MOOD = "mood"
"""Key among a hand-over's facts that says how the caller feels."""
MOOD_REASON = "the caller's tone of voice"
"""Why the handler took the call, in the record."""
MOOD_REASON_ZH = "客户的语气"
"""The same in the reason of a Chinese hand-over."""

AFFECT_KINDS = ("decision", "queue.entered", "queue.offered", "utterance.final")
"""Events that may say something of an emotion beside what they are about."""


class ConsentError(ValueError):
    """There is no valid consent for what was asked; the text says what is missing."""


class EmotionConsent(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The consent of one conversation. `keep`: what is learnt of the voice may be used in later calls as well."""

    consent_id: str
    conversation_id: str
    policy: PolicyName
    keep: bool = False
    seal: str = ""


def issue(consent_id: str, conversation_id: str, policy: PolicyName, *, keep: bool) -> EmotionConsent:
    """The token of a consent row. Only for `session.consents`, which has just read or written that row."""
    bare = EmotionConsent(consent_id=consent_id, conversation_id=conversation_id, policy=policy, keep=keep)
    return msgspec.structs.replace(bare, seal=_seal(bare))


def require(consent: EmotionConsent | None) -> EmotionConsent:
    """The consent, if it is one. Raises `ConsentError`."""
    if consent is None:
        raise ConsentError("emotion is analysed only with the conversation's consent token; none came with the request")
    if consent.policy == "off" or consent.seal != _seal(consent):
        raise ConsentError("this is no consent token: it was not made from a consent in the store")
    return consent


def _seal(consent: EmotionConsent) -> str:
    fields = (consent.consent_id, consent.conversation_id, consent.policy, consent.keep)
    return hashlib.blake2b(repr(fields).encode(), digest_size=8, person=b"wl-emotion").hexdigest()


def tells_mood(why: str) -> bool:
    """Does a reason in the record (of a decision, of a hand-over) say that an emotion was it? A condition names it."""
    return why in (MOOD_REASON, MOOD_REASON_ZH) or "emotion" in why


def without_affect(kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    """An event's payload without what it says of the caller's emotion; None when it says nothing.

    `AFFECT_KINDS` are all that may say any; `affect` itself is deleted whole.
    """
    changed = dict(payload)
    if kind == "decision" and (payload.get("exit") == ON_EMOTION or tells_mood(str(payload.get("why", "")))):
        changed |= {"why": "", "exit": ""}
    if payload.get("emotion") is not None:  # utterances of before there were `affect` events
        changed["emotion"] = None
    if kind in ("queue.entered", "queue.offered") and isinstance(facts := payload.get("facts"), dict):
        changed["facts"] = {key: value for key, value in facts.items() if key != MOOD}
        if tells_mood(str(payload.get("reason", ""))):
            changed["reason"] = ""
    return changed if changed != payload else None


class VoiceprintConsent(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The consent to keep and compare a voiceprint: a purpose of its own, asked in a question of its own."""

    consent_id: str
    seal: str = ""


def issue_voiceprint(consent_id: str) -> VoiceprintConsent:
    """The token of a consent row. Only for `session.voiceprints`, which has just read that row."""
    return VoiceprintConsent(consent_id=consent_id, seal=_voice_seal(consent_id))


def require_voiceprint(consent: VoiceprintConsent | None) -> VoiceprintConsent:
    """The consent, if it is one. Raises `ConsentError`."""
    if consent is None or consent.seal != _voice_seal(consent.consent_id):
        raise ConsentError("voices are compared only with the customer's consent to a voiceprint; this is none")
    return consent


def _voice_seal(consent_id: str) -> str:
    return hashlib.blake2b(consent_id.encode(), digest_size=8, person=b"wl-voice").hexdigest()
