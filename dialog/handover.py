"""What the agent gets with the caller: a short summary and the facts, in the conversation's language."""

from __future__ import annotations

from collections.abc import Mapping

from dialog.state import RunState
from dialog.text import pick
from session.consent import MOOD

_WORDS = {
    "zh": {
        "wants": "来电意图", "said": "客户原话", "verified": "已通过密码验证", "unverified": "未验证身份",
        "answered": "已答复知识", "name": "客户", "language": "语言",
    },
    "en": {
        "wants": "Wants", "said": "Caller said", "verified": "verified by PIN", "unverified": "not verified",
        "answered": "Articles given", "name": "Customer", "language": "Language",
    },
}  # fmt: skip
_MOODS_ZH = {"content": "满意", "sad": "难过", "anxious": "焦虑", "angry": "生气"}
_SOCIAL = frozenset({"", "unknown"})


def summary_of(state: RunState) -> str:
    """One or two lines; only what was heard or verified. Moods are a fact of their own, which a withdrawal deletes."""
    words = _WORDS["zh" if state.locale.startswith("zh") else "en"]
    parts = []
    if state.intent not in _SOCIAL:
        parts.append(f"{words['wants']}: {state.intent}")
    last = next((said.text for said in reversed(state.said) if said.who == "caller" and said.text != "[hidden]"), "")
    if last:
        parts.append(f"{words['said']}: “{last}”")
    parts.append(words["verified"] if state.auth_level >= 2 else words["unverified"])
    if state.answered:
        parts.append(f"{words['answered']}: {', '.join(state.answered)}")
    return "; ".join(parts)


def facts_of(state: RunState) -> dict[str, str]:
    """Facts for the agent's screen; those of the customer's record only once verified, the mood only with consent."""
    facts = {"language": state.locale, "auth_level": str(state.auth_level)}
    if state.caller.number:
        facts["number"] = state.caller.number
    if state.intent not in _SOCIAL:
        facts["intent"] = state.intent
    if state.feeling.label not in ("unknown", "neutral"):
        label = state.feeling.label
        facts[MOOD] = _MOODS_ZH.get(label, label) if state.locale.startswith("zh") else label
    customer = state.attributes.get("customer")
    if state.auth_level >= 2 and isinstance(customer, Mapping):
        facts["customer_id"] = state.customer_id
        for name, value in customer.items():
            facts[str(name)] = pick(value, state.locale) if isinstance(value, Mapping) and value else str(value)
    return facts
