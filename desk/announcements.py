"""What a waiting caller is told, in the caller's language."""

from __future__ import annotations


def position_text(position: int, eta_s: int, language: str) -> str:
    """A short spoken sentence with the place in the queue and the expected wait, rounded up to minutes.

    `language` is a BCP-47 tag; anything but Chinese is served in English.
    """
    minutes = max(1, -(-eta_s // 60))
    if language.startswith("zh"):
        place = "您是下一位" if position <= 1 else f"您前面还有{position - 1}位"
        return f"{place}，预计等待{minutes}分钟，请不要挂机。"
    place = "You are next in line" if position <= 1 else f"You are number {position} in line"
    wait = "about one minute" if minutes == 1 else f"about {minutes} minutes"
    return f"{place}. The expected wait is {wait}. Please stay on the line."
