"""`warmline nlu eval` names a bad file before it loads anything heavy."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli.nlu import app


@pytest.mark.parametrize(
    ("text", "said"), [("text\tintent\nhello\n", "train.tsv:2"), ("", "holds no examples"), (None, "cannot be read")]
)
def test_a_bad_table_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    if text is not None:
        train.write_text(text, encoding="utf-8")
    test.write_text("hello\tgreet\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["eval", "--train", str(train), "--test", str(test)], env={"COLUMNS": "300"})
    assert result.exit_code != 0 and said in result.output
    assert isinstance(result.exception, SystemExit), "it went on after the message"
