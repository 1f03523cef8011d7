"""What `warmline rules` says of an input that it cannot read."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from server.cli.rules import app


@pytest.mark.parametrize("given", ["amount=5", "[5]"])
def test_an_input_that_is_no_json_object_is_shown_one(given: str) -> None:
    table = "flows/packs/bank/rules/redeem_fund.yaml"
    result = CliRunner().invoke(app, ["run", table, "--input", given], env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert result.output == "--input is a JSON object, like '{\"amount\": 5}'\n"
