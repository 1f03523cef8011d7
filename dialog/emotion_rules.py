"""What a flow may not do with a caller's emotion, whatever they agreed to: sell by it, price by it, keep it aside.

Routing and comfort are what consent was asked for: another queue, a higher priority, kinder words. An offer or a price
made because somebody is upset (or is not) is another purpose (GDPR Art. 5(1)(b)), preys on a weak moment (AI Act
Art. 5(1)(a)), and, as a price, is treatment that PIPL Art. 24 forbids.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from dialog.blocks.base import Block
from dialog.blocks.branch import Branch
from dialog.blocks.queue import Queue
from dialog.blocks.set import Set
from dialog.flow import Flow
from dialog.paths import reach
from dialog.rulebook import rule
from dialog.yamlfile import Document, Place, Problem

KEPT = rule(
    "emotion-kept", "E", "an emotion is kept as an attribute, which a withdrawal of consent could not delete",
    "use emotion in the branch or priority that needs it",
)  # fmt: skip
SALE = rule(
    "emotion-sale", "E", "the caller's emotion leads to an offer or a price",
    "lead to comfort, a person or a queue instead, or give a step that sells nothing `tags: [service]`",
)  # fmt: skip
SELLING = re.compile(
    r"\b(special|exclusive|limited|great) (offer|deal|price)s?\b|\b(discount|upgrade|promotion|premium|up-?sell|voucher|coupon|cashback)"
    r"(s|d|ing)?\b|\b(buy|purchase|subscribe|sign up)\b|\bfor (only|just) [€$£\d]|\b\d+ ?(%|percent) off\b|\bwe can offer you\b"
    r"|优惠|折扣|打折|促销|特价|升级套餐|加购|购买|办理套餐|会员套餐|立减|代金券|优惠券|涨价|降价|开通.{0,6}(会员|套餐)",
    re.IGNORECASE,
)
"""Words of offers and prices. What they take for one by mistake is tagged `service`."""
SALES_QUEUE = re.compile(r"(^|_)(sales?|upsell|offers?|retention)(_|$)")


def kept(flow: Flow, document: Document) -> Iterator[Problem]:
    """Attributes outlive a withdrawal, so no emotion goes into them, and none is set where only an emotion leads."""
    moody = _only_by_emotion(flow)
    for name, block in flow.blocks.items():
        if not isinstance(block, Set):
            continue
        kept_by = [parameter for parameter, expression in block.expressions().items() if _reads(expression, moody)]
        if not kept_by and name in moody:
            kept_by = [f"values.{value}" for value in block.values]
        for parameter in kept_by:
            yield document.problem(
                ("blocks", name, "values"),
                f"block {name!r}: {parameter} keeps an emotion as an attribute, which a withdrawal could not delete",
                KEPT,
            )


def sale(flow: Flow, document: Document) -> Iterator[Problem]:
    """`emotion-sale`: no emotion leads to an offer or a price.

    An offer counts as led to when it comes before the caller had a say again, or when nothing else leads there.
    """
    selling = {name: why for name, block in flow.blocks.items() if (why := _sells(block))}
    if not selling:
        return
    handler, moody = flow.handlers.on_emotion, _only_by_emotion(flow)
    if handler is not None:
        found = _before_a_word(flow, handler.goto) | (reach(flow, [handler.goto]) - reach(flow, _ways(flow)))
        yield from _told(document, ("handlers", "on_emotion"), "handler on_emotion", found, selling)
    for name, block in flow.blocks.items():
        if isinstance(block, Branch) and (targets := _by_emotion(block, moody)):
            at_once = [_before_a_word(flow, target) for target in targets]
            ever = [reach(flow, [target], stop={name}) for target in targets]
            found = _differing(at_once) | _differing(ever)
            yield from _told(document, ("blocks", name, "cases"), f"block {name!r}", found, selling)


def _told(document: Document, place: Place, who: str, found: set[str], selling: Mapping[str, str]) -> Iterator[Problem]:
    for name in sorted(found & set(selling)):
        yield document.problem(
            place,
            f"{who} leads by the caller's emotion to {name!r}, which {selling[name]}",
            SALE,
        )


def _only_by_emotion(flow: Flow) -> set[str]:
    """Blocks that a run comes to only by an emotion: to have been there tells of it as well."""
    handler, ways = flow.handlers.on_emotion, _ways(flow)
    moody = reach(flow, [handler.goto]) - reach(flow, ways) if handler is not None else set[str]()
    while True:
        found = set(moody)
        for name, block in flow.blocks.items():
            if isinstance(block, Branch) and (targets := _by_emotion(block, moody)):
                ever = [reach(flow, [target], stop={name}) for target in targets]
                found |= _differing(ever) - reach(flow, ways, stop={name})
        if found == moody:
            return moody
        moody = found


def _ways(flow: Flow) -> list[str]:
    """Where a run begins or is taken to, but for moods."""
    others = [target for key, target in flow.handlers.targets().items() if key != "on_emotion"]
    return [flow.start, *others, *flow.shortcuts.values()]


def _reads(expression: str, moody: Collection[str]) -> bool:
    """Does it read an emotion, or whether a block was visited to which only one leads?"""
    visited = "visits" in expression and any(re.search(rf"\b{name}\b", expression) for name in moody)
    return "emotion" in expression or visited


def _by_emotion(block: Branch, moody: Collection[str]) -> list[str]:
    """Targets that hang on an emotion: from the first case that reads one, and all after it, since it did not hold."""
    first = next((index for index, case in enumerate(block.cases) if _reads(case.when, moody)), None)
    if first is None:
        return []
    exits = [case.exit for case in block.cases[first:]] + ["else"]
    return [target for name in exits for target in block.ways(name)]


def _differing(sets: Sequence[set[str]]) -> set[str]:
    """What some exits lead to and others do not: what all lead to hangs on no emotion."""
    return set[str]().union(*sets) - sets[0].intersection(*sets)


def _before_a_word(flow: Flow, start: str) -> set[str]:
    """Blocks reached before the caller can say anything: the first that hears is still part of it."""
    return reach(flow, [start], stop={name for name, block in flow.blocks.items() if block.hears})


def _sells(block: Block) -> str:
    """Why a block counts as an offer or a price; empty for what does not."""
    if marked := [tag for tag in block.tags if tag != "service"]:
        return f"is tagged {marked[0]}"
    if "service" in block.tags:
        return ""
    if isinstance(block, Queue) and any(SALES_QUEUE.search(word) for word in (block.queue, *block.skills)):
        return f"hands over to sales ({block.queue})"
    for parameter, wording in block.wordings().items():
        for text in wording.values():
            if found := SELLING.search(text):
                return f"sounds like an offer ({parameter}: {found.group(0)!r})"
    if isinstance(block, Set) and (
        named := [name for name in block.values if re.search(r"discount|price|offer", name)]
    ):
        return f"sets {named[0]}"
    return ""
