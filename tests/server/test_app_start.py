"""An app that cannot start: what no other try mends is left for the supervisor, what may pass is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.planes import REFUSAL_FILE
from server.planes.app import serve
from server.settings import Settings


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("sqlite+aiosqlite:////nowhere/at/all/w.db", 2, "app.cannot_start"),
        ("postgresql+asyncpg://warmline@127.0.0.1:1/w", 1, "app.waits_for_database"),
    ],
)
async def test_a_database_that_will_not_come_refuses_the_start_and_one_that_may_does_not(
    tmp_path: Path, url: str, status: int, said: str
) -> None:
    folder = {"data_dir": str(tmp_path), "run_dir": str(tmp_path / "run")}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / REFUSAL_FILE).write_text("of an earlier start")
    with capture_logs() as logs:
        assert await serve(Settings.model_validate({"server": folder, "store": {"url": url}})) == status
    (line,) = [one for one in logs if one["event"].startswith("app.")]
    assert line["event"] == said and "cannot open the database" in line["error"]
    refusal = tmp_path / "run" / REFUSAL_FILE
    assert refusal.exists() == (status == 2)
    if status == 2:
        assert refusal.read_text() == line["error"]
