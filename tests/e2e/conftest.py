"""One running instance for the tests that leave it whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.world import Instance, an_instance


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these start real processes; without Kamailio there is no whole instance."""
    for item in items:
        if "tests/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            # The first one also waits for the instance; every wait inside has a nearer deadline of its own.
            item.add_marker(pytest.mark.timeout(600))
            if shutil.which("kamailio") is None:
                item.add_marker(pytest.mark.skip(reason="Kamailio is not installed (apt-get install kamailio)"))


@pytest.fixture(scope="session")
def running() -> Iterator[Instance]:
    with an_instance() as one:
        yield one


@pytest.fixture
def instance(running: Instance) -> Iterator[Instance]:
    """The shared instance; afterwards nobody is on the phone and no agent is at work, however the test went."""
    yield running
    running.everybody_home()
