"""The content filter: what is promised and what is only denied, asked or warned of; evasions; reloading; cost."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dialog.effects import Record, Say
from dialog.events import Performed
from dialog.filter import match
from dialog.filter.normal import normal
from dialog.filter.pack import parse_pack
from dialog.filter.service import Filters
from dialog.ports import Ports
from dialog.yamlfile import FileError
from tests.dialog.test_working_blocks import FLOW, Call

PACKS = Path(__file__).parents[2] / "flows" / "filters"
NAMES = ["zh-CN-finance", "zh-CN-advertising", "us-CA", "eu"]
CASES = yaml.safe_load((Path(__file__).parent / "filter_cases.yaml").read_text(encoding="utf-8"))
PACK = """\
format: filter/v1
id: mine
title: {en: Mine}
terms:
  sure: [guarantee, promise]
replace: {en: No promises.}
rules:
  - id: promise
    reason: {en: promises}
    law: none
    patterns: {en: ["{sure}..10money"]}
"""


@pytest.fixture(scope="module")
def filters() -> Filters:
    return Filters.load(PACKS, NAMES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_banned_and_allowed(filters: Filters, language: str) -> None:
    locale = {"zh": "zh-CN", "en": "en"}[language]
    counts = {"banned": 0, "allowed": 0}
    wrong = []
    for part in CASES[language].values():
        for kind, sentences in part.items():
            counts[kind] += len(sentences)
            wrong += [(kind, s) for s in sentences if (filters.screen(s, locale).text != s) != (kind == "banned")]
    assert wrong == []
    assert min(counts.values()) >= 40


@pytest.mark.parametrize(
    ("promise", "locale"),
    [
        ("本产品保证收益10%", "zh-CN"),
        ("We guarantee a profit", "en"),
        ("Wir garantieren Ihnen eine sichere Rendite", "de"),
        ("Nous vous garantissons un rendement", "fr"),
    ],
)
def test_only_the_sentence_is_replaced(filters: Filters, promise: str, locale: str) -> None:
    before, after = ("您好。", "请问还有什么可以帮您？") if locale == "zh-CN" else ("Hello. ", "Anything else?")
    end = "。" if locale == "zh-CN" else ". "
    screened = filters.screen(f"{before}{promise}{end}{after}", locale)
    assert screened.text.startswith(before.strip()) and screened.text.endswith(after)
    assert promise not in screened.text and screened.hits[0]["law"]
    assert not filters.screen(screened.text, locale).hits


def test_records_hold_no_words_but_pack_and_sha(filters: Filters) -> None:
    (hit, *_) = filters.screen("王小明，我们保证收益10%", "zh-CN").hits
    assert set(hit) == {"pack", "sha", "rule", "severity", "law"}
    assert hit["pack"] == "zh-CN-finance" and len(hit["sha"]) == 64
    assert "王小明" not in str(hit)


def test_agents_are_told_where_and_what_instead(filters: Filters) -> None:
    text = "Well, I guarantee you a profit, sir"
    (flag, *_) = filters.flag(text, "en")
    assert text[flag["start"] : flag["end"]] == "guarantee you a profit"
    assert flag["reason"]["en"] and flag["advice"]["en"]
    assert filters.flag("Your parcel has arrived", "en") == []


def test_warnings_are_recorded_but_said(filters: Filters) -> None:
    text = "It is absolutely free."
    screened = filters.screen(text, "en")
    assert screened.text == text and screened.hits[0]["severity"] == "warn"


def test_a_promise_in_the_other_language_is_found(filters: Filters) -> None:
    assert filters.screen("We guarantee a profit", "zh-CN").text.startswith("理财有风险")
    assert filters.screen("我们保证收益", "en").text.startswith("Investments carry risk")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("ＡＢＣ１２％", "abc12%"),
        ("保 證 收·益", "保证收益"),
        ("保\u200b证", "保证"),
        ("保，证，收，益", "保证收益"),
        ("好的，我来查。", "好的，我来查。"),
        ("是，我查", "是，我查"),
        ("g u a r d", "guard"),
        ("G.U.A.R.D it", "guard it"),
        ("I am a b test", "i am a b test"),
        ("risk-free", "risk free"),
        ("gu*ar*d", "guard"),
        ("u.s. law", "u.s. law"),
        ("保😀证", "保证"),
    ],
)
def test_normal(text: str, same: str) -> None:
    assert normal(text).text.replace("，", ",").replace("。", ".") == same.replace("，", ",").replace("。", ".")


def test_places_lead_back_to_the_original() -> None:
    plain = normal("您好 保 證")
    assert [plain.text[i] for i, place in enumerate(plain.origin) if place == 5] == ["证"]


def test_percentages_spelled_out() -> None:
    for text in ("10%", "百分之八点五", "8个百分点", "eight percent", "twenty-five per cent", "１２％"):
        assert normal(text).percents(), text
    assert not normal("percentage of cases").percents()


def test_reload_takes_up_changes_and_keeps_what_works(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(PACK)
    filters = Filters.load(tmp_path, ["mine"])
    assert filters.screen("I guarantee you money", "en").text == "No promises."
    assert filters.reload() == []
    path.write_text(PACK.replace("{sure}..10money", "{shure}..10money"))
    (told,) = filters.reload()
    assert told.before == told.after
    assert "mine.yaml:11: E filter-pattern" in told.problems[0] and "no term 'shure'" in told.problems[0]
    assert filters.screen("I guarantee you money", "en").text == "No promises."
    assert not filters.screen("I guarantee you riches", "en").hits
    assert filters.reload() == []
    path.write_text(PACK.replace("money", "riches").replace("..10", "..11"))
    (told,) = filters.reload()
    assert told.before != told.after and not told.problems
    assert filters.screen("I guarantee you money", "en").text == "I guarantee you money"
    assert filters.screen("I guarantee you riches", "en").hits  # though it was found clean before
    path.unlink()
    (told,) = filters.reload()
    assert told.problems and filters.screen("I promise you riches", "en").hits


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("..10", "..300", "filter-pattern", 11),
        ("{sure}..10", "<money>..10", "filter-pattern", 11),
        ("{sure}..10", "a..1b..1c..1d..1", "filter-pattern", 11),
        ("law: none\n", "law: ''\n", "shape", 10),
        ("replace: {en: No promises.}", "replace: {zh-CN: 不。}", "filter-wording", 8),
        ("rules:", "rules:\n  - {id: promise, reason: {en: x}, law: x, patterns: {en: [xx]}}", "filter-rule-twice", 9),
        ("patterns: {en:", "patterns: {xx:", "shape", 11),
    ],
)
def test_bad_packs_are_named(old: str, new: str, rule: str, line: int) -> None:
    with pytest.raises(FileError) as error:
        parse_pack(PACK.replace(old, new), "mine.yaml")
    assert (rule, line) in {(problem.rule.id, problem.line) for problem in error.value.problems}


def test_a_pack_may_cost_only_so_much() -> None:
    many = "|".join(f"word{index}" for index in range(3001))
    with pytest.raises(FileError, match="words to look for"):
        parse_pack(PACK.replace("{sure}..10money", many))


def test_cost_grows_with_the_text_and_no_faster(filters: Filters, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    chains, excused = match._View._chains, match._View._excused

    def counted(view: match._View, *args: object, **more: object) -> list[match.Span]:
        nonlocal steps
        found = chains(view, *args, **more)  # type: ignore[arg-type]
        steps += len(found)
        return found

    def looked(view: match._View, *args: object) -> bool:
        nonlocal steps
        steps += 1
        return excused(view, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(match._View, "_chains", counted)
    monkeypatch.setattr(match._View, "_excused", looked)
    costs = []
    for times in (100, 200, 400):
        steps = 0
        assert filters.screen("我们不保证收益，" * times, "zh-CN").hits == []
        costs.append(steps)
    assert costs[1] <= 2.1 * costs[0] and costs[2] <= 2.1 * costs[1]


def test_packs_name_their_laws_and_replacements(filters: Filters) -> None:
    for pack in filters.packs.values():
        for rule in pack.rules:
            assert re.search(r"§|Art|第|CFR|Annex|Rule|Directive|法", rule.entry.law), rule.entry.id
            for wording in rule.replace.values():
                assert not filters.screen(wording, "zh-CN").hits and not filters.screen(wording, "en").hits


async def test_nothing_is_spoken_past_the_filter(ports: Ports, filters: Filters) -> None:
    """Values of business systems, attributes and knowledge all pass `Turn.say`."""
    text = FLOW.replace("{{advice}}", "our fund has {{advice}}")
    call = Call(replace(ports, filters=filters), text, caller_no="7", advice="guaranteed returns")
    call.state.block, call.state.visits = "decide", {"decide": 1}
    done = Performed(call_id="c1:decide:1", outcome="done", values={"advice": "guaranteed returns"})
    await call.tell(done)
    assert "guaranteed" not in call.one(Say).text and "guaranteed" not in call.state.dump().decode().replace(
        '"advice":"guaranteed', ""
    )
    (record,) = [effect for effect in call.last if isinstance(effect, Record) and effect.payload.get("pack") == "us-CA"]
    assert record.kind == "content_filter" and record.payload["block"] == "advise"
