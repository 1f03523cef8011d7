"""What a contact was about, taken from its record: no language model, every sentence is the record's or a template's. Pure.

reason · what was asked · what was answered and done · outcome · open points, in the language of the customer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

MOST_ASKED = 3
MOST_ANSWERED = 3
LONGEST = 160  # characters of a quoted sentence
MASK = "•••"
_NUMBERS = re.compile(r"\d(?:[\s.-]?\d){3,}")  # four digits and more: numbers of cards, phones, customers
_SENTENCE = re.compile(r"(?:[^.!?。！？；;\n]|\.(?=\S))+[.!?。！？；;]?")  # the point in 49.90 ends nothing
_QUESTION = re.compile(
    r"[?？]|^(how|what|when|where|which|who|why|can|could|do|does|did|is|are|will|would|may)\b"
    r"|吗|呢|怎么|如何|什么|多少|几|哪|为什么|能不能|可不可以|可以.*吗|有没有|是不是",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"\b(i want|i need|i'd like|i would like|please|my|problem|cannot|can't|doesn't|didn't|not|never|wrong|broken|late|charged|"
    r"crash(?:es|ed)?|lost|fail(?:s|ed)?|cancel|refund|complain\w*)\b"
    r"|我想|我要|帮我|请|我的|问题|不能|没有|不了|坏|错|投诉|退|查|一直",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:i|we)(?: will|'ll)(?! not\b) \w+|\byou will (?:get|receive|hear)\b|\blet me get back\b|\bcall you back\b|\bby tomorrow\b"
    r"|我会|我们会|稍后|尽快|回复您|联系您|给您回电|安排",
    re.IGNORECASE,
)
_FILLER = re.compile(  # what agents say meanwhile, which answers nothing
    r"^(?:(?:i'm|i am|we're|we are) (?:very |so |really )?sorry\b[^,]*|i (?:do )?apologi[sz]e|let me (?:check|see|look)\b.*|one moment.*"
    r"|(?:yes,? )?i can hear you|how can i help.*|please (?:wait|hold)\b.*)\W*$"
    r"|^(?:您好[，,]?)?(?:非常|很|实在)?抱歉[。！]?$|^(?:您好[，,]?)?(?:我|让我)?(?:来)?帮您查(?:一下|询|看)?[。！]?$|^请?稍等",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b(thanks?|thank you|great|perfect|that's all|that helps|solved)\b|谢谢|多谢|好的没有了|解决了|没问题了|没有了",
    re.IGNORECASE,
)
_UNHAPPY = re.compile(
    r"\b(not (?:(?:really|very|so|that) )?(good|great|helpful|solved|happy)|thanks? (?:you )?for nothing|still (not|doesn't|no)|unacceptable|useless|forget it|ridiculous)\b"
    r"|还是不行|没用|算了|不满意|不接受|没解决",
    re.IGNORECASE,
)
_SOCIAL = re.compile(
    r"^(hello|hi|hey|good (morning|afternoon|evening)|yes|yeah|yep|no|okay|ok|thanks?|thank you|bye|goodbye|sure|right)\W*$"
    r"|^(您好|你好|喂|嗯|好|好的|可以|不可以|是|是的|对|不|不是|谢谢|再见)[。！,，.!]*$",
    re.IGNORECASE,
)

Outcome = Literal["solved", "open", "unsolved", "abandoned", "transferred"]

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "reason": "Reason", "asked": "Asked", "answered": "Answered", "done": "Done", "outcome": "Outcome",
        "open": "Open", "solved": "solved", "open_outcome": "open", "unsolved": "not solved",
        "abandoned": "the customer left before it was settled", "transferred": "passed on",
        "ticket": "ticket {0} at {1}", "verified": "identity verified", "article": "told: {0}", "sep": "; ", "end": ".",
        "quote": "“{0}”", "colon": ": ",
    },
    "zh": {
        "reason": "来电原因", "asked": "客户询问", "answered": "已答复", "done": "已处理", "outcome": "结果", "open": "待跟进",
        "solved": "已解决", "open_outcome": "处理中", "unsolved": "未解决", "abandoned": "客户在处理完之前离开",
        "transferred": "已转接", "ticket": "工单{0}（{1}）", "verified": "已核实身份", "article": "已告知：{0}", "sep": "；",
        "end": "。", "quote": "“{0}”", "colon": "：",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """Something said or written, in order."""

    role: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """What happened in a contact. `articles`: titles of those told; `tickets`: number, department, solved; `actions`: titles."""

    language: str
    lines: Sequence[Line]
    intent: str = ""
    intent_title: str = ""
    reason: str = ""
    articles: Sequence[str] = ()
    actions: Sequence[str] = ()
    tickets: Sequence[tuple[str, str, bool]] = ()
    verified: bool = False
    transferred: bool = False
    left_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """Its parts and the whole as text. Digits are masked, hidden words are not there."""

    text: str = field(repr=False)
    reason: str = field(repr=False)
    asked: list[str] = field(repr=False)
    answered: list[str] = field(repr=False)
    done: list[str] = field(repr=False)
    open_points: list[str] = field(repr=False)
    outcome: Outcome


def masked(text: str) -> str:
    """Without numbers that could be somebody's."""
    return _NUMBERS.sub(MASK, text)


def summarise(record: Record) -> Summary:
    """The summary of a contact."""
    words = _WORDS["zh" if record.language.startswith("zh") else "en"]
    said = [(line.role, sentence) for line in record.lines for sentence in _sentences(line.text)]
    customer = [sentence for role, sentence in said if role == "customer"]
    agent = [sentence for role, sentence in said if role == "agent"]
    asked = _asked(customer)
    answered = [words["article"].format(title) for title in dict.fromkeys(record.articles)]
    answered += _answers(agent, asked, MOST_ANSWERED - len(answered))
    tickets = [words["ticket"].format(number, where) for number, where, _ in record.tickets]
    done = ([words["verified"]] if record.verified else []) + list(record.actions) + tickets
    promises = [
        sentence
        for sentence in agent
        if _PROMISE.search(sentence) and not _QUESTION.search(sentence) and not _FILLER.search(sentence)
    ]
    waiting = [words["ticket"].format(number, where) for number, where, solved in record.tickets if not solved]
    open_points = list(dict.fromkeys([*waiting, *promises[-2:]]))
    outcome = _outcome(record, customer, bool(waiting))
    lead = next((sentence for sentence in [*asked, *customer] if not _THANKS.search(sentence)), "")
    reason = record.intent_title or record.reason or lead
    parts = []
    for name, listed in (
        ("reason", [reason]), ("asked", [words["quote"].format(a) for a in asked]), ("answered", answered),
        ("done", done), ("outcome", [words["open_outcome"] if outcome == "open" else words[outcome]]),
        ("open", open_points),
    ):  # fmt: skip
        told = [part for part in listed if part]
        if told:
            line = words["sep"].join(told)
            parts.append(f"{words[name]}{words['colon']}{line}{'' if line[-1] in '?!？！…' else words['end']}")
    return Summary("\n".join(parts), reason, asked, answered, done, open_points, outcome)


def _sentences(text: str) -> list[str]:
    if "[hidden]" in text:
        return []
    found = []
    for match in _SENTENCE.findall(text):
        plain = masked(match.strip()).rstrip(".。;；")
        if plain and not _SOCIAL.match(plain):
            found.append(plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…")
    return found


def _asked(customer: Sequence[str]) -> list[str]:
    """The customer's requests: questions and complaints before other sentences, each once, in the order they were said."""
    scored = []
    for place, sentence in enumerate(customer):
        score = 2.0 * bool(_QUESTION.search(sentence)) + 1.5 * bool(_WANTS.search(sentence))
        score += min(_length(sentence), 12) / 12 - 0.02 * place
        told = MASK in sentence and not _QUESTION.search(sentence)  # a number that was asked for
        if score >= 1.0 and not told and not _THANKS.search(sentence):
            scored.append((score, place, sentence))
    best: list[tuple[float, int, str]] = []
    for item in sorted(scored, reverse=True):
        if all(_overlap(item[2], other[2]) < 0.6 for other in best):
            best.append(item)
        if len(best) == MOST_ASKED:
            break
    return [sentence for _, _, sentence in sorted(best, key=lambda item: item[1])]


def _answers(agent: Sequence[str], asked: Sequence[str], most: int) -> list[str]:
    """The agent's statements that are about what was asked, else the longest."""
    scored = []
    for place, sentence in enumerate(agent):
        if _length(sentence) < 3 or any(one.search(sentence) for one in (_QUESTION, _PROMISE, _FILLER)):
            continue
        about = max((_overlap(sentence, question) for question in asked), default=0.0)
        scored.append((about + min(_length(sentence), 20) / 40, place, sentence))
    best = sorted(sorted(scored, reverse=True)[: max(0, most)], key=lambda item: item[1])
    return [sentence for _, _, sentence in best]


def _outcome(record: Record, customer: Sequence[str], waiting: bool) -> Outcome:
    if record.left_waiting:
        return "abandoned"
    if record.transferred:
        return "transferred"
    raw = [line.text for line in record.lines if line.role == "customer" and "[hidden]" not in line.text][-3:]
    if any(_UNHAPPY.search(text) for text in raw):
        return "unsolved"
    if waiting:
        return "open"
    if any(_THANKS.search(text) for text in raw) or record.articles or record.actions:
        return "solved"
    return "open" if customer else "abandoned"


def _terms(text: str) -> set[str]:
    low = text.lower()
    words = {word for word in re.findall(r"[a-z']{3,}", low)}
    return words | {run[i : i + 2] for run in re.findall(r"[\u3400-\u9fff]+", low) for i in range(len(run) - 1)}


def _overlap(one: str, other: str) -> float:
    first, second = _terms(one), _terms(other)
    return len(first & second) / max(1, min(len(first), len(second)))


def _length(text: str) -> int:
    return len(re.findall(r"[A-Za-z']+|[\u3400-\u9fff]", text))
