"""Old voices are forgotten, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from server import forgetting
from server.settings import Settings
from session.consents import Consents
from session.voiceprints import Voiceprints


async def test_a_locked_database_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app was started anew over it."""
    tried: list[int] = []
    done = asyncio.Event()

    async def affect(_self: Consents, days: int) -> int:
        tried.append(days)
        if len(tried) == 1:
            raise OperationalError("DELETE", {}, Exception("database is locked"))
        return 0

    async def voices(_self: Voiceprints, _days: int) -> int:
        done.set()
        return 0

    monkeypatch.setattr(Consents, "expire", affect)
    monkeypatch.setattr(Voiceprints, "expire", voices)
    monkeypatch.setattr(forgetting, "EVERY_S", 0.0)
    task = asyncio.create_task(forgetting.forget(cast(Any, None), Settings()))
    await asyncio.wait([task, asyncio.create_task(done.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert done.is_set() and not task.done()
    assert tried[:2] == [Settings().store.affect_days] * 2
    task.cancel()
    await asyncio.wait([task])
