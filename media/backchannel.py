"""Words that say "I am listening", not "let me speak": mm-hm, uh-huh, okay, 嗯, 对对, 好的. Pure.

Recognisers also write such words ("thank you", "hi", "I'm", 谢谢观看) for coughs, breaths and hums, so that nothing is lost
by taking them for no interruption; who means "I'm …" goes on, and the next words decide. What asks, refuses or stops
("no", "wait", "what?", 不是, 等一下) is none, nor is anything that goes on after them: "yeah, but".
"""

from __future__ import annotations

import re
import unicodedata

from media.partials import units

_ENGLISH = (
    "mm hm|mm hmm|mm|mmm|mhm|mmhm|mm mm|m hm|hm|hmm|hmmm|uh huh|uhhuh|uhuh|uh|um|er|ah|aha|oh|ooh|huh|yeah|yea|yah|yep|yup|"
    "yes|ya|ok|okay|kay|k|right|alright|all right|sure|i see|got it|gotcha|true|exactly|of course|cool|great|good|nice|"
    "fine|wow|really|thank you|thanks|you know|you|bye|ha|haha|heh|hi|i m|im|i"
)
_MANDARIN = (
    "嗯哼|嗯|恩|唔|呣|哼|啊|阿|哦|噢|喔|哎|唉|诶|欸|呃|额|哈|呵|嘿|呀|对的|对对|对|是的|是啊|是|好的|好吧|好啊|好嘞|好|行|可以|"
    "没错|明白了|明白|知道了|知道|了解了|了解|懂了|这样啊|这样|原来如此|当然|谢谢观看|感谢观看|谢谢大家|谢谢你|谢谢|没问题|收到"
)
_WORDS = sorted((*_ENGLISH.split("|"), *_MANDARIN.split("|")), key=len, reverse=True)
_ONLY = re.compile(rf"(?:\s*(?:{'|'.join(re.escape(word) for word in _WORDS)})(?![a-z]))+\s*")
_ECHO_SHARE = 0.6  # of the words heard that the bot has just said
_MOST_WORDS = 8  # more of them in a row is somebody who wants to be heard


def only_backchannel(text: str) -> bool:
    """Is this nothing but listening noises, or nothing at all?

    A question mark makes an answer a question ("really?" stays one, "right?" asks nothing), so marks are ignored.
    """
    plain = "".join(
        char if char.isalnum() else "" if char == "'" else " " for char in unicodedata.normalize("NFKC", text).lower()
    ).strip()
    if not plain:
        return True
    if len(re.findall(r"[a-z]+|[\u3400-\u9fff]", plain)) > _MOST_WORDS:
        return False  # first of all: 对对对… falls apart in many ways, and the pattern tries them all
    return _ONLY.fullmatch(plain) is not None


def echoes(text: str, prompt: str) -> bool:
    """Are these words mostly those that the bot has just said: its own voice, come back over the line?

    One word proves nothing: a caller may well repeat an option that was read out.
    """
    said = [word for word, _ in units(prompt)]
    heard = [word for word, _ in units(text)]
    known = sum(word in said for word in heard)
    return known > 1 and known >= _ECHO_SHARE * len(heard)
