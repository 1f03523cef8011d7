"""Which decode is next, with an engine that does what the test says, when it says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from server.inference.scheduler import Busy, Late, Scheduler


class Engine:
    """Notes what it began; `hold` keeps it in the middle of a job until `let_go`."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.in_work = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.stopped_early: list[str] = []

    def hold(self) -> None:
        self.go_on.clear()

    def let_go(self) -> None:
        self.go_on.set()

    def work(self, job: str, wanted: Callable[[], bool]) -> str:
        self.begun.append(job)
        self.in_work.set()
        assert self.go_on.wait(10)
        if not wanted():
            self.stopped_early.append(job)
        if job == "broken":
            raise RuntimeError("the engine broke")
        return job.upper()


@asynccontextmanager
async def running(scheduler: Scheduler[str, str]) -> AsyncIterator[None]:
    task = asyncio.create_task(scheduler.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Bench:
    """An engine held in its first job ("first"), so that what is put afterwards waits."""

    def __init__(self, limit: int = 8) -> None:
        self.now = 100.0
        self.engine = Engine()
        self.scheduler: Scheduler[str, str] = Scheduler(self.engine.work, limit, clock=lambda: self.now)
        self.tasks: dict[str, asyncio.Task[tuple[str, float]]] = {}

    async def put(self, job: str, *, final: bool = True, deadline_ms: int = 4000) -> None:
        self.tasks[job] = asyncio.create_task(self.scheduler.submit(job, final=final, deadline_ms=deadline_ms))
        await asyncio.sleep(0)

    async def occupied(self) -> None:
        self.engine.hold()
        await self.put("first")
        assert await asyncio.to_thread(self.engine.in_work.wait, 5)

    async def all_done(self) -> None:
        self.engine.let_go()
        await asyncio.wait(self.tasks.values(), timeout=5)

    def outcome(self, job: str) -> str | type[BaseException]:
        task = self.tasks[job]
        error = task.exception()
        return type(error) if error else task.result()[0]


async def test_finals_go_before_partials_and_the_nearest_deadline_first() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("partial", final=False, deadline_ms=500)
        await bench.put("late final", deadline_ms=4000)
        await bench.put("early final", deadline_ms=2000)
        assert bench.scheduler.depth == 3
        await bench.all_done()
    assert bench.engine.begun == ["first", "early final", "late final", "partial"]
    assert bench.outcome("partial") == "PARTIAL"


async def test_equal_deadlines_keep_their_order() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        for job in "abcdef":
            await bench.put(job)
        await bench.all_done()
    assert bench.engine.begun == ["first", *"abcdef"]


async def test_what_was_cancelled_while_waiting_is_never_begun() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("dropped")
        await bench.put("kept")
        bench.tasks.pop("dropped").cancel()
        await asyncio.sleep(0)
        assert bench.scheduler.depth == 1
        await bench.all_done()
    assert bench.engine.begun == ["first", "kept"]


async def test_what_was_cancelled_under_way_is_told_and_makes_way() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("next")
        bench.tasks.pop("first").cancel()
        await asyncio.sleep(0)
        await bench.all_done()
    assert bench.engine.stopped_early == ["first"]
    assert bench.outcome("next") == "NEXT"


async def test_a_passed_deadline_is_a_clear_error_and_costs_no_decode() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("in time", deadline_ms=4000)
        await bench.put("too late", deadline_ms=1000)
        bench.now += 1.0
        await bench.all_done()
    assert bench.outcome("too late") is Late
    assert bench.outcome("in time") == "IN TIME"
    assert bench.tasks["in time"].result()[1] == pytest.approx(1000)  # ms that it waited
    assert "too late" not in bench.engine.begun


async def test_a_full_queue_refuses_partials_and_sheds_them_for_finals() -> None:
    bench = Bench(limit=3)
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("partial 1", final=False, deadline_ms=1000)
        await bench.put("partial 2", final=False, deadline_ms=1500)
        await bench.put("final 1")
        await bench.put("partial 3", final=False)
        await bench.put("final 2")  # takes the place of the partial with the farthest deadline
        await bench.put("final 3")  # and of the other one
        await bench.put("final 4")
        assert bench.scheduler.depth == 3
        await bench.all_done()
    assert [bench.outcome(f"partial {n}") for n in (1, 2, 3)] == [Busy, Busy, Busy]
    assert [bench.outcome(f"final {n}") for n in (1, 2, 3)] == ["FINAL 1", "FINAL 2", "FINAL 3"]
    assert bench.outcome("final 4") is Busy
    assert str(bench.tasks["final 4"].exception()) == "3 decodes are waiting already"


async def test_a_broken_job_fails_alone() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.put("broken")
        await bench.put("whole")
        await bench.all_done()
    assert bench.outcome("broken") is RuntimeError
    assert bench.outcome("whole") == "WHOLE"


async def test_it_rests_and_wakes() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        for job in ("one", "two"):
            await bench.put(job)
            await bench.all_done()
            assert bench.scheduler.depth == 0
    assert bench.engine.begun == ["one", "two"]
