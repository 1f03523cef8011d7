"""Whatever is in a file, reading it ends soon, and with an error that names the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialog import yamlfile
from dialog.knowledge import read_articles
from dialog.understanding import read_examples
from dialog.yamlfile import FileError
from server.desktop.advice import read_assist
from server.desktop.catalogue import read_catalogue
from server.desktop.dispositions import read_dispositions

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\nc: 2026-13-45\n", 2),
        ("a: b\n? [a]\n: b\n", 2),
        ("a: b\n? !!set {a}\n: b\n", 2),
        ("a: b\nc: " + "9" * 5000, 2),
        ("a: b\nc: !!int x", 2),
        ("a: b\nc: !!timestamp x", 2),
        ("a: b\nc: \x00", 2),
        ("a: b\nc: \ud800", 2),
        ("a: b\n<<: 5", 2),
        ("a: b\nc: " + "[" * 3000, 2),
        ("a: b\n" + "".join(" " * n + f"k{n}:\n" for n in range(150)), 2),
        ("a: b\nc: &c [*c]", 2),
        ("a: b\nc: &c {<<: *c}", 2),
        (BOMB, 1),
    ],
)
def test_what_is_no_good_is_one_error_with_its_line(text: str, line: int) -> None:
    with pytest.raises(FileError) as caught:
        yamlfile.parse(text, "f.yaml")
    problem = caught.value.problems[0]
    assert (problem.file, problem.severity) == ("f.yaml", "E") and problem.line >= line


def test_repeated_parts_and_merged_ones_are_written_out() -> None:
    data = yamlfile.parse("a: &a {b: 1}\nc: *a\nd:\n  <<: *a\n  e: 2\n", "f.yaml").data
    assert data == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a: b\nc: \xff\xfe\n", 2, "UTF-8"),
        ("a: b\n".encode("utf-16"), 1, "UTF-8"),
        (b"a: b\n# " + b"x" * yamlfile.MOST_BYTES, 1, "larger than 4 MB"),
        (b"a:\n" + b"- x\n" * 600, 500, "too many values"),
    ],
)
def test_a_file_that_is_no_text_or_far_too_much_is_told_soon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes, line: int, words: str
) -> None:
    monkeypatch.setattr(yamlfile, "MOST_NODES", 500)
    path = tmp_path / "f.yaml"
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        yamlfile.read(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path) and words in f"{problem}" and abs(problem.line - line) <= 2


def test_line_ends_and_a_mark_at_the_beginning_mean_nothing(tmp_path: Path) -> None:
    for data in (b"a: b\nc: d\n", b"\xef\xbb\xbfa: b\r\nc: d\r\n"):
        (tmp_path / "f.yaml").write_bytes(data)
        assert yamlfile.read(tmp_path / "f.yaml").data == {"a": "b", "c": "d"}


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("hours.yaml", "format: intent/v1\nintent: hours\nexample: {en: [when]}\n", read_examples),
        ("shop.yaml", "format: knowledge/v1\nexample: []\n", read_articles),
        (
            "dispositions.yaml",
            "format: dispositions/v1\nexample: []\n",
            lambda folder: read_dispositions(folder, folder),
        ),
        ("assist.yaml", "format: assist/v1\nexample: []\n", read_assist),
        ("tickets.yaml", "format: tickets/v1\nexample: []\n", read_catalogue),
    ],
)
def test_every_file_beside_a_flow_names_the_field_that_is_wrong(
    tmp_path: Path, name: str, text: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError) as caught:
        read(tmp_path)
    said = [str(problem) for problem in caught.value.problems]
    line = text[: text.index("example:")].count("\n") + 1
    wrong = f"{tmp_path / name}:{line}: E shape example: is not known here; remove it or correct its spelling"
    assert wrong in said
    assert name == "assist.yaml" or any(": is missing; add it" in one for one in said)
