"""What a waiting caller is told, in the caller's language."""

from __future__ import annotations


def position_text(position: int, eta_s: int, language: str, *, place: bool = True, wait: bool = True) -> str:
    """A short spoken sentence with the place in the queue and the expected wait, rounded up to minutes, or one of them.

    `language` is a BCP-47 tag; anything but Chinese is served in English.
    """
    minutes = max(1, -(-eta_s // 60))
    said: list[str] = []
    if language.startswith("zh"):
        if place:
            said.append("您是下一位" if position <= 1 else f"您前面还有{position - 1}位")
        if wait:
            said.append(f"预计等待{minutes}分钟")
        return "，".join([*said, "请不要挂机。"])
    if place:
        said.append("You are next in line." if position <= 1 else f"You are number {position} in line.")
    if wait:
        said.append(f"The expected wait is {'about one minute' if minutes == 1 else f'about {minutes} minutes'}.")
    return " ".join([*said, "Please stay on the line."])
