"""The classifier's closed forms against doing it the long way, and what the evaluation counts."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.misheard import Confusions
from benchmarks.tiers import Dialogue, Played, build, figures, read_requests, shared
from dialog import classifier
from dialog.classifier import Classifier, Recipe
from dialog.nlu_eval import Judged, TableError, judge, learn, read_table, report
from dialog.ports import Vectors
from dialog.understanding import UNKNOWN, Example, leads, normal, read_examples, thresholds
from dialog.wording import Wording, letters, words

TOPICS = {
    "balance": "how much money have I",
    "address": "where is the shop",
    UNKNOWN: "sing me a song",
    "时间": "几点开门",
}
EXAMPLES = [Example(f"{text} {tail}", name) for name, text in TOPICS.items() for tail in "abcdefgh"]


def vectors(texts: list[str] | tuple[str, ...]) -> Vectors:
    """Texts of one topic lie near each other."""
    rows = []
    for text in texts:
        topic = np.random.default_rng(zlib.crc32(text[:-2].encode())).normal(size=24)
        rows.append(topic + 0.5 * np.random.default_rng(zlib.crc32(text.encode())).normal(size=24))
    return np.asarray(rows, dtype=np.float32)


def learnt(examples: list[Example] = EXAMPLES) -> Classifier:
    texts = [one.text for one in examples]
    return Classifier(texts, [one.intent for one in examples], vectors(texts))


def test_wording_is_that_of_the_library_to_the_bit() -> None:
    known = [normal(one.text) for one in read_examples(Path(__file__).parents[2] / "flows" / "intents")]
    asked = ["", "zzz", "转人工人工 agent agent please", "where is my order order", *known[::7]]
    views = [
        TfidfVectorizer(analyzer=terms, sublinear_tf=True, dtype=np.float32).fit([*known, "a 一"])
        for terms in (letters, words)
    ]
    wording = Wording(known)
    for texts in (known, asked, *([text] for text in asked)):
        theirs = scipy.sparse.hstack([view.transform(texts) for view in views], format="csr") * np.sqrt(0.5)
        ours = wording.transform(texts)
        assert ours.shape == theirs.shape
        for mine, other in zip((ours.indptr, ours.indices, ours.data), (theirs.indptr, theirs.indices, theirs.data), strict=True):  # fmt: skip
            np.testing.assert_array_equal(mine, other)


def test_left_out_scores_are_those_of_a_model_without_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(2.0, 0.2, 0.15)
    monkeypatch.setattr(Classifier, "_choose", lambda *_: recipe)
    model = learnt()
    kernel = model.margins  # of the full model, to compare with
    texts = [one.text for one in EXAMPLES]
    full = np.exp(recipe.width * (model._vectors @ model._vectors.T - 1))
    grams = model._grams.T
    full = full + recipe.wording * (grams @ grams.T).toarray()
    targets = np.array([[1.0 if one.intent == name else -1.0 for name in model.classes] for one in EXAMPLES])
    for left in (0, 9, 31):
        keep = [i for i in range(len(EXAMPLES)) if i != left]
        dual = np.linalg.solve(full[np.ix_(keep, keep)] + recipe.ridge * np.eye(len(keep)), targets[keep])
        assert np.allclose(full[left, keep] @ dual, model.learnt.unseen[left], atol=2e-3)
    dual = np.linalg.solve(full + recipe.ridge * np.eye(len(texts)), targets)
    assert np.allclose(full @ dual, kernel(texts, vectors(texts)), atol=2e-3)


def test_the_mirror_goes_over_blocks() -> None:
    matrix = np.random.default_rng(3).normal(size=(2100, 2100)).astype(np.float32)
    lower = np.tril(matrix)
    classifier._mirror(matrix)
    assert np.array_equal(matrix, lower + np.tril(lower, -1).T)


def test_unseen_wordings_of_a_topic_are_told_apart_and_probabilities_add_up() -> None:
    model = learnt()
    texts = [f"{text} z" for text in TOPICS.values()]
    margins = model.margins(texts, vectors(texts))
    assert [model.classes[i] for i in margins.argmax(axis=1)] == list(TOPICS)
    shares = model.probabilities(margins)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5) and shares.max(axis=1).min() > 0.8


def test_one_intent_is_not_enough() -> None:
    with pytest.raises(ValueError, match="at least two intents"):
        learnt([one for one in EXAMPLES if one.intent == "balance"])


def test_grams_follow_the_script() -> None:
    assert {" ab ", "ab", " a", "b "} <= set(letters("ab 查余"))
    assert {"查", "余", "查余"} <= set(letters("ab 查余")) and "b 查" not in letters("ab 查余")
    assert words("my card 查余额") == ["my", "card", "查余", "余额", "my card", "card 查余", "查余 余额"]


def test_the_lead_is_over_unknown_where_there_is_one() -> None:
    margins = np.array([[0.9, -0.5, 0.1]], dtype=np.float32)
    assert leads(margins, ["a", "b", UNKNOWN]).tolist()[0] == pytest.approx([0.8, -0.6, 0.0])
    assert leads(margins, ["a", "b", "c"]) is margins


def test_thresholds_let_few_outsiders_pass_and_lose_few_others() -> None:
    model = learnt()
    labels = [one.intent for one in EXAMPLES]
    least = thresholds(model, labels).known
    best = leads(model.learnt.unseen, model.classes)[:, [i for i, n in enumerate(model.classes) if n != UNKNOWN]].max(
        axis=1
    )
    outside = np.array([label == UNKNOWN for label in labels])
    assert (best[outside] >= least).mean() <= 0.13 and (best[~outside] < least).mean() <= 0.1


# ---------------------------------------------------------------------- the evaluation


def test_tables_with_and_without_a_head(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text('text\tdomain\tintent\nsay "hi"\tsmall\thello\nwho won\tx\toos\n', encoding="utf-8")
    assert read_table(file) == [Example('say "hi"', "hello"), Example("who won", UNKNOWN)]
    file.write_text("打开QQ\tapp\n\n你好\tchat\n", encoding="utf-8")
    assert [one.intent for one in read_table(file)] == ["app", "chat"]


@pytest.mark.parametrize(
    ("text", "said"), [("text\tintent\nno label\n", r"a\.tsv:2"), ("text\tintent\n", "no examples")]
)
def test_bad_tables_are_named_by_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=said):
        read_table(tmp_path / "a.tsv")


def test_accuracy_counts_the_threshold_only_where_scope_matters() -> None:
    judged = [
        Judged("a", "x", "x", 0.9), Judged("b", "x", "x", 0.1), Judged("c", "y", "x", 0.8), Judged("d", "y", "y", 0.7),
        Judged("e", UNKNOWN, "x", 0.2), Judged("f", UNKNOWN, "y", 0.6),
    ]  # fmt: skip
    held = report(judged, [1.0], 0.5, scope=True)
    assert (held["accuracy"], held["accuracy_without_threshold"], held["oos_recall"]) == (0.5, 0.75, 0.5)
    assert held["confusion"][0]["count"] == 1 and held["tests"] == 4 and held["oos_tests"] == 2
    plain = report(judged[:4], [1.0], 0.5, scope=False)
    assert (plain["accuracy"], plain["accuracy_at_threshold"], plain["oos_recall"]) == (0.75, 0.5, None)
    assert plain["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2, abs=1e-3)
    json.dumps(held)


def test_learning_and_judging_go_together() -> None:
    model, least = learn(EXAMPLES, lambda texts: vectors(list(texts)))
    judged, took = judge(model, [Example("how much money have i z", "balance")], lambda texts: vectors(list(texts)))
    assert len(took) == 1 and judged[0].text and np.isfinite(least)


# ---------------------------------------------------------------------- the population


def test_nobody_in_the_population_says_what_the_flow_has_learnt() -> None:
    assert shared(read_requests()) == []
    assert shared([("simple", "address", "en", "What is your ADDRESS?")]) == ["What is your ADDRESS?"]


def test_the_population_is_large_in_both_languages_and_always_the_same() -> None:
    dialogues = build(read_requests())
    assert dialogues == build(read_requests())
    assert len(dialogues) >= 500 and len({one.id for one in dialogues}) == len(dialogues)
    assert min(sum(one.locale == locale for one in dialogues) for locale in ("en", "zh-CN")) >= 240
    assert sum(one.asks_at >= 0 for one in dialogues) >= 40
    assert all(one.lines[one.asks_at] for one in dialogues if one.asks_at >= 0)


def test_figures_count_what_a_caller_would() -> None:
    def played(kind: str, expects: tuple[str, ...], **more: object) -> Played:
        asks = 0 if kind == "asks" else -1
        one = Played(Dialogue("1", kind, "en", "voice", "", ("x",), expects, asks))
        for name, value in more.items():
            setattr(one, name, value)
        return one

    found = figures([
        played("simple", ("article:a",), said={"article:a"}),
        played("simple", ("article:a",), said={"article:b"}),
        played("private", ("fact:b",), said={"fact:b"}, leaked=True),
        played("asks", ("human",), ignored=True),
        played("asks", ("human",), human=True),
    ])  # fmt: skip
    assert (found["human_share"], found["containment_naive"], found["containment_strict"]) == (0.2, 0.8, 0.4)
    assert (found["ignored_human_requests"], found["private_below_level"], found["right"]) == (1, 1, 0.6)


def test_misheard_words_sound_alike() -> None:
    import random

    confusions = Confusions(["where is the ware", "转人工 转仁公"])
    heard = {confusions.mishear("where", 1.0, random.Random(seed)) for seed in range(20)}
    assert heard <= {"ware", "where", "where where"} and "ware" in heard
    assert confusions.mishear("转人工", 0.0, random.Random(1)) == "转人工"
