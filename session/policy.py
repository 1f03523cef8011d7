"""What the law lets us do with a caller's voice, as three profiles. Pure: no I/O, nothing of a call.

`off`  nobody's emotion is ever analysed; the question may be asked, the answer changes nothing.
`eu`   Regulation (EU) 2024/1689 (AI Act) and Regulation (EU) 2016/679 (GDPR).
`cn`   Personal Information Protection Law of the PRC (PIPL).

What both have in common is not a choice of the profile, it is how the code is built:

* only the customer's voice, never the agent's: AI Act Art. 5(1)(f) forbids inferring emotions of people at work;
* nothing before a clear yes, which is kept with its wording: GDPR Art. 7(1), 9(2)(a); PIPL Art. 14;
* the caller is told by the question itself: AI Act Art. 50(3); PIPL Art. 17, 30;
* a withdrawal is as easy as the yes, ends the work at once and deletes what was found: GDPR Art. 7(3), 17(1)(b);
  PIPL Art. 15, 47;
* no offer and no price may hang on it (`dialog.validate`): GDPR Art. 5(1)(b); PIPL Art. 24;
* it is deleted after `store.affect_days` anyway: GDPR Art. 5(1)(e); PIPL Art. 19.

This is how the program behaves, and no legal advice: under the AI Act an emotion recognition system is moreover of high
risk (Annex III 1(c)), with duties of the operator that no program can fulfil.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

PolicyName = Literal["eu", "cn", "off"]
Purpose = Literal["recording", "emotion", "emotion_history", "voiceprint"]

EMOTION: Purpose = "emotion"
HISTORY: Purpose = "emotion_history"
VOICEPRINT: Purpose = "voiceprint"
VOICE_PURPOSES = frozenset({EMOTION, HISTORY})
"""Purposes about the caller's emotion, each withdrawn by `Consents.withdraw`."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One profile. `granted` is all that differs in the program; the wording of the question is the flow's."""

    name: PolicyName
    analyses: bool
    """A yes lets the voice be analysed."""
    alone: frozenset[str]
    """Purposes for which a yes counts only if nothing else was asked in the same question."""

    def void(self, purposes: Collection[str]) -> dict[str, str]:
        """Purposes of one question that a yes does *not* grant → why, for the record."""
        found: dict[str, str] = {}
        if VOICEPRINT in purposes and len(set(purposes)) > 1:
            # Biometric data (GDPR Art. 9, PIPL Art. 28) under every profile; no emotion is inferred from it.
            found[VOICEPRINT] = "a voiceprint must be asked for in a question of its own"
        for purpose in purposes:
            if purpose not in VOICE_PURPOSES:
                continue
            if not self.analyses:
                found[purpose] = "the policy is off: emotion is not analysed"
            elif purpose in self.alone and len(set(purposes)) > 1:
                found[purpose] = f"policy {self.name}: {purpose} must be asked for in a question of its own"
        return found


_EU = Policy("eu", analyses=True, alone=frozenset({HISTORY}))
"""Opt-in by a question of the flow.

One question may name recording and tone together, as long as its wording names both (GDPR Art. 7(2)); a flow that asks
them apart is safer (recital 43), and `warmline flow validate` says so. What is learnt of a voice outlives the call only
after a question of its own, since that is another purpose (GDPR Art. 5(1)(b), 6(4)).
"""

_CN = Policy("cn", analyses=True, alone=frozenset({EMOTION, HISTORY}))
"""As `eu`, and a *separate* consent: biometric information is sensitive (PIPL Art. 28), and sensitive information needs a
consent of its own (Art. 29), which a question that also asks for the recording is not."""

_OFF = Policy("off", analyses=False, alone=frozenset())

POLICIES: dict[PolicyName, Policy] = {"eu": _EU, "cn": _CN, "off": _OFF}
