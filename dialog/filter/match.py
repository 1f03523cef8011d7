"""Finding the rules of packs in a text, and telling a promise from its denial, a warning, or a customer's own words.

Words are looked for one by one and then chained by their distance, so a text costs its length times the number of words
and no more. A hit is excused when a no stands before it in its clause (an even number of noes is none), when what follows
calls it false or forbidden, or when the clause only asks about it or repeats what the customer said.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dialog.filter.normal import Normal, joined, normal
from dialog.filter.pack import FilterRule, Pattern

Span = tuple[int, int]

MOST_TEXT = 20_000  # characters that are looked at; the bot says no more at once
MOST_EXCEPTIONS = 50
_CLAUSE = frozenset("，。；！？,;!?\n")
_SENTENCE = frozenset("。！？!?\n；;")
_BOUNDARY_WORDS = {
    "zh": re.compile(r"而且|并且|但是|不过|可是|同时|此外|另外"),
    "en": re.compile(r"\b(?:and|but|plus|yet|so|however|while)\b"),
}
_NO = {
    "zh": re.compile(
        r"不(?!仅|但|只|光|论|管|用|必|愧|妨|断|止|过|少|同|怕|错|久|变)|没(?!错|问题|关系|事)|(?<!万)无(?!论|疑|需|须|忧|条件|限|理由)|未(?!来|必)|非(?!常|凡)|"
        r"勿|莫|别(?!人|的|墅)|禁止|杜绝|拒绝|难以|避免|谨防|严禁|并不|绝不|从不"
    ),
    "en": re.compile(
        r"\b(?:not(?! only\b| just\b| to mention\b)|never|cannot|cant|neither|nor|none|nobody|hardly|without|"
        r"no(?! doubt\b| matter\b| wonder\b| problem\b| worries\b| fees?\b| other\b| one else\b| longer than\b)|"
        r"fails? to|unable|refuses? to|prohibited|forbidden|illegal to|unlawful to|stop short of|(?:wrong|inaccurate|misleading|false|untrue) to (?:say|call|claim|describe|promise)|rather than|instead of)\b|n't\b|n’t\b"
    ),
}
_SCOPE = {"zh": 8, "en": 45}  # characters before a hit in which a no belongs to it
_CLOSE_NO = re.compile(r"\b(?:no|without)\b")
_CLOSE = 22  # characters for `no` and `without`, which belong to the next noun only
_LEAD = {
    "zh": re.compile(
        r"谨防|警惕|当心|小心|(?:如果|若|万一|假如|要是|谨防)有人|有人(?:向您|对您|跟您|承诺|声称|以|说|告诉)|声称|号称|宣称|自称|打着|轻信|不要相信|别相信|请勿相信|勿信|"
        r"是否|能否|可否|会不会|能不能|有没有|是不是|"
        r"(?:您|你|客户|用户|对方)(?:刚才|刚刚|之前|上次)?(?:说|问|提到|想问|想知道|想了解|听说|咨询|担心|看到|收到)(?:的|了|过|到)?(?:是|关于)?"
    ),
    "en": re.compile(
        r"\b(?:anyone|anybody|someone|somebody|people|callers?|scammers?|fraudsters?|websites?|offers?) (?:who|that|which|claiming|promising|offering)\b|"
        r"\bbeware\b|\bwatch out\b|\bbe wary\b|\bwary of\b|\bscams?\b|\bwhether\b|\bclaims? (?:of|that|about)\b|\bpromises? of\b|"
        r"\b(?:if|when) (?:anyone|anybody|someone|somebody|a caller|they)\b|"
        r"\b(?:you|customer|caller) (?:said|asked|mentioned|heard|read|saw|wanted|want to know|are asking|were told|wrote)\b|"
        r"\byou(?:'re| are) asking\b|\byour question (?:about|is)\b|\bdon'?t (?:believe|trust|fall)\b|\bare you asking\b"
    ),
}
_DENIED_AFTER = {
    "zh": re.compile(
        r"^[”’」』\"'）)]*.{0,10}?(?:(?:是|都是|均是|均为|属于|均属|就是|即为|涉嫌|很可能是|可能是|往往是|多是)"
        r"(?:不可能|不存在|不允许|不真实|不实|不准确|错误|违规|违法|误导|虚假|骗局|诈骗|骗人|骗子|假的|谣言|非法)|不可能|不存在|不允许|不被允许|不可信|不属实|无法做到|做不到|请勿相信|切勿相信|请不要相信|请报警|请挂断|并不准确)"
    ),
    "en": re.compile(
        r"^['\"’”)]*.{0,40}?\b(?:(?:is|are|would be|was|were) (?:not |never |usually |always |often |likely |probably )*(?:a |an )*"
        r"(?:impossible|illegal|false|misleading|untrue|scams?|fraud|fraudulent|lying|a lie|prohibited|forbidden|not (?:possible|allowed|permitted|true|something)|incorrect|wrong)|"
        r"(?:do|does) not exist|don'?t exist|doesn'?t exist|cannot be|can'?t be|isn'?t (?:possible|allowed|true|something)|aren'?t (?:possible|allowed|true)|hang up|report (?:it|them))\b"
    ),
}
_AFTER = 80  # characters around a hit in which an excuse may stand
_OURS = {"zh": re.compile(r"我们|我行|本行|本公司|我司|本产品|这款|咱们"), "en": re.compile(r"\b(?:we|our|ours|us)\b")}


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds; `start` and `end` are places in the original text."""

    rule: FilterRule
    start: int
    end: int


def find(rules: Iterable[FilterRule], text: str, language: str) -> list[Hit]:
    """Every rule that holds somewhere in the text, once, at its first place."""
    text = text[:MOST_TEXT]
    views = [_View(normal(text), language)]
    if language != "zh" and "-" in text:
        views.append(_View(joined(text), language))
    hits = []
    for rule in rules:
        for view in views:
            span = view.first(rule)
            if span is not None:
                plain = view.plain
                hits.append(Hit(rule, plain.origin[span[0]], plain.origin[span[1] - 1] + 1))
                break
    return hits


class _View:
    """One normalised text, with what was found in it so far."""

    def __init__(self, plain: Normal, language: str) -> None:
        self.plain = plain
        self._text = plain.text
        self._language = language
        self._found: dict[str, list[Span]] = {}
        self._kind = "zh" if language == "zh" else "en"
        self._stops = [place + 1 for place in range(len(self._text)) if self._ends(place)]
        self._unless: dict[str, list[Span]] = {}

    def first(self, rule: FilterRule) -> Span | None:
        """Where the rule holds without an excuse."""
        for pattern in rule.patterns.get(self._language, ()):
            for span in self._chains(pattern, inner_no=rule.entry.negation == "excuses"):
                if not self._excused(rule, span):
                    return span
        return None

    def _chains(self, pattern: Pattern, *, inner_no: bool) -> list[Span]:
        """Spans of the whole pattern. A gap crosses no clause, and no denial where that would excuse."""
        ways = self._places(pattern.parts[0])
        for part, gap in zip(pattern.parts[1:], pattern.gaps, strict=True):
            longer: list[Span] = []
            ends = sorted(ways, key=lambda span: span[1])
            keys = [span[1] for span in ends]
            for start, end in self._places(part):
                low, high = bisect.bisect_left(keys, start - gap), bisect.bisect_right(keys, start)
                for before in ends[low:high]:
                    between = self._text[before[1] : start]
                    if not (_CLAUSE & set(between)) and not (inner_no and _NO[self._kind].search(between)):
                        longer.append((before[0], end))
                        break
            ways = longer
        return ways

    def _places(self, words: Sequence[str]) -> list[Span]:
        return sorted({span for word in words for span in self._word(word)})

    def _word(self, word: str) -> list[Span]:
        if word in self._found:
            return self._found[word]
        text, spans = self._text, list[Span]()
        if word == "<percent>":
            spans = self.plain.percents()
        elif word == "<number>":
            spans = self.plain.numbers()
        else:
            at = text.find(word)
            while at >= 0:
                end = at + len(word)
                if self._kind == "zh" or self._whole(at, end):
                    spans.append((at, end))
                at = text.find(word, at + 1)
        self._found[word] = spans
        return spans

    def _whole(self, start: int, end: int) -> bool:
        """Begins and ends with a word."""
        text = self._text
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        return not before.isalnum() and not (after.isalnum() and text[end - 1].isalnum())

    # ------------------------------------------------------------------ excuses

    def _excused(self, rule: FilterRule, span: Span) -> bool:
        start, end = self._sentence(span)
        if any(start <= found[0] and found[1] <= end for found in self._harmless(rule)):
            return True
        clause = self._clause_before(span[0])
        if self._leads(span, start):
            return True
        if rule.entry.negation == "excuses" and self._noes(clause) % 2:
            return True
        after = self._text[span[1] : min(end, span[1] + _AFTER)]
        told = _DENIED_AFTER[self._kind].match(after)
        return told is not None and not _OURS[self._kind].search(told.group(0))

    def _harmless(self, rule: FilterRule) -> list[Span]:
        """Where the rule's own exceptions hold, in order."""
        key = f"{rule.pack}/{rule.entry.id}"
        if key not in self._unless:
            listed = rule.unless.get(self._language, ())
            self._unless[key] = sorted(span for pattern in listed for span in self._chains(pattern, inner_no=False))
        return self._unless[key][:MOST_EXCEPTIONS]

    def _leads(self, span: Span, sentence: int) -> bool:
        """The clause (or, with a colon or quote, the sentence) is about what others say or ask."""
        lead = self._text[max(sentence, span[0] - _AFTER) : span[0]]
        marks = max((lead.rfind(mark) for mark in "，,"), default=-1)
        return _LEAD[self._kind].search(lead[marks + 1 :]) is not None

    def _noes(self, clause: str) -> int:
        near = clause[-_SCOPE[self._kind] :]
        cut = [found.end() for found in _BOUNDARY_WORDS[self._kind].finditer(near)]
        near = near[cut[-1] :] if cut else near
        noes = list(_NO[self._kind].finditer(near))
        if self._kind == "en":
            if "neither" in near:
                noes = [no for no in noes if no.group(0) != "nor"]
            noes = [no for no in noes if not _CLOSE_NO.fullmatch(no.group(0)) or len(near) - no.end() <= _CLOSE]
        return len(noes)

    def _clause_before(self, place: int) -> str:
        begin = place
        while begin and self._text[begin - 1] not in _CLAUSE and place - begin < 200:
            begin -= 1
        return self._text[begin:place]

    def _sentence(self, span: Span) -> Span:
        at = bisect.bisect_right(self._stops, span[0])
        until = bisect.bisect_left(self._stops, span[1])
        return (
            self._stops[at - 1] if at else 0,
            self._stops[until] if until < len(self._stops) else len(self._text),
        )

    def _ends(self, place: int) -> bool:
        letter = self._text[place]
        after = self._text[place + 1] if place + 1 < len(self._text) else " "
        return letter in _SENTENCE or (letter == "." and after.isspace())
