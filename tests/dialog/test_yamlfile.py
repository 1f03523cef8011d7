"""Whatever is in a file, reading it ends soon, and with an error that names the place."""

from __future__ import annotations

import pytest

from dialog import yamlfile
from dialog.yamlfile import FileError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\nc: 2026-13-45\n", 2),
        ("a: b\n? [a]\n: b\n", 2),
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
