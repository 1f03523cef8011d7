"""Seconds from "I want to redeem my fund" to the recommendation, with the real classifier and two systems over HTTP.

    python -m benchmarks.redeem [--runs 20] [--delay 0.3] [--json FILE]

`--delay`: seconds that each business system takes for its answer. The sentence is not among the examples.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import structlog

from benchmarks.redeem import Redeemed, redeem
from dialog.ports import Ports
from dialog.understanding import Example, IntentClassifier
from server.cli.flow_testing import LocalEmbedder

EXAMPLES = {
    "redeem_fund": ["sell my fund shares", "cash in my investment fund", "redeem fund units", "get money out of my fund", "赎回基金", "把基金卖掉"],
    "balance": ["what is my balance", "how much is on my account", "account balance please", "我的余额", "账户里有多少钱"],
    "goodbye": ["goodbye", "bye", "that was all", "再见", "没有别的了"],
    "card_lost": ["my card is lost", "block my card", "someone stole my card", "我的卡丢了", "冻结银行卡"],
}  # fmt: skip


async def measure(runs: int, delay_s: float) -> list[Redeemed]:
    """Conversations one after another."""
    nobody: Any = None
    classifier = IntentClassifier(LocalEmbedder())
    await classifier.fit([Example(text, intent) for intent, texts in EXAMPLES.items() for text in texts])
    ports = Ports(understanding=classifier, knowledge=nobody, customers=nobody, attempts=nobody)
    return [await redeem(ports, delay_s=delay_s) for _ in range(runs)]


def main() -> None:
    """Print the table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = asyncio.run(measure(given.runs, given.delay))
    if not all(one.said and one.layers for one in found):
        raise SystemExit("a conversation ended without a recommendation")
    rows = {
        "intent ms": [one.layers["intent"]["ms"] for one in found],
        "business data ms": [sum(item["ms"] for item in one.layers["data"]) for one in found],
        "rule ms": [one.layers["rule"]["ms"] for one in found],
        "all of it ms": [1000 * one.seconds for one in found],
    }
    print(
        f"{given.runs} conversations, {given.delay:g} s an answer of each of two systems\n{'':>18} {'median':>8} {'worst':>8}"
    )
    summary = {
        name: {"median": sorted(values)[len(values) // 2], "worst": max(values)} for name, values in rows.items()
    }
    for name, one in summary.items():
        print(f"{name:>18} {one['median']:>8.1f} {one['worst']:>8.1f}")
    if given.json:
        given.json.write_text(json.dumps({"runs": given.runs, "delay_s": given.delay, **summary}, indent=1) + "\n")


if __name__ == "__main__":
    main()
