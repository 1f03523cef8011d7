"""What every test may ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest
import structlog

from tests.databases import migrated_once
from tests.virtual_time import VirtualLoop


@pytest.fixture(scope="session", autouse=True)
def _migrations_run_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with migrated_once(tmp_path_factory.mktemp("database") / "template.db"):
        yield


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """Commands set up the log of their process, which is that of the tests after them."""
    yield
    structlog.reset_defaults()


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """A test marked `virtual_time` waits for nothing."""
    return {"loop": VirtualLoop if item.get_closest_marker("virtual_time") else asyncio.new_event_loop}
