"""Which decode is next, with an engine that does what the test says, when it says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from asr import metrics
from asr.options import AsrOptions
from asr.scheduler import Busy, Done, Late, Replaced, Scheduler


class Engine:
    """Notes what it began; `hold` keeps it in the middle of a batch until `let_go`."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.batches: list[list[str]] = []
        self.fast: list[bool] = []
        self.in_work = threading.Semaphore(0)  # one more for every batch begun
        self.go_on = threading.Event()
        self.go_on.set()
        self.stopped_early: list[str] = []

    def hold(self) -> None:
        self.go_on.clear()

    def let_go(self) -> None:
        self.go_on.set()

    def work(self, batch: Sequence[str], fast: bool, wanted: Sequence[Callable[[], bool]]) -> list[str]:
        self.begun += batch
        self.batches.append(list(batch))
        self.fast.append(fast)
        self.in_work.release()
        assert self.go_on.wait(60)
        self.stopped_early += [job for job, still in zip(batch, wanted, strict=True) if not still()]
        if "broken" in batch:
            raise RuntimeError("the engine broke")
        return [job.upper() for job in batch]


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

    def __init__(
        self, queue: int = 8, batch: int = 1, shed_ms: int = 60_000, degrade_ms: int = 60_000, replicas: int = 1
    ) -> None:
        self.now = 100.0
        self.engine = Engine()
        options = AsrOptions(
            queue=queue, batch=batch, shed_backlog_ms=shed_ms, degrade_backlog_ms=degrade_ms, replicas=replicas
        )
        self.scheduler: Scheduler[str, str] = Scheduler(self.engine.work, options, clock=lambda: self.now)
        self.tasks: dict[str, asyncio.Task[Done[str]]] = {}

    async def put(self, job: str, *, final: bool = True, deadline_ms: int = 4000, stream: str = "") -> None:
        self.tasks[job] = asyncio.create_task(
            self.scheduler.submit(job, final=final, deadline_ms=deadline_ms, stream=stream)
        )
        await asyncio.sleep(0)

    async def occupied(self) -> None:
        self.engine.hold()
        await self.put("first")
        assert await asyncio.to_thread(self.engine.in_work.acquire, timeout=60)

    async def all_done(self) -> None:
        self.engine.let_go()
        await asyncio.wait(self.tasks.values(), timeout=60)

    def outcome(self, job: str) -> str | type[BaseException]:
        task = self.tasks[job]
        error = task.exception()
        return type(error) if error else task.result().result


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
    assert bench.tasks["in time"].result().queue_ms == pytest.approx(1000)  # ms that it waited
    assert "too late" not in bench.engine.begun


async def test_a_full_queue_refuses_partials_and_sheds_them_for_finals() -> None:
    bench = Bench(queue=4)
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("partial 1", final=False, deadline_ms=1000)
        await bench.put("partial 2", final=False, deadline_ms=1500)
        await bench.put("final 0")
        await bench.put("final 1")
        await bench.put("partial 3", final=False)
        await bench.put("final 2")  # takes the place of the partial with the farthest deadline
        await bench.put("final 3")  # and of the other one
        await bench.put("final 4")
        assert bench.scheduler.depth == 4
        await bench.all_done()
    assert [bench.outcome(f"partial {n}") for n in (1, 2, 3)] == [Busy, Busy, Busy]
    assert [bench.outcome(f"final {n}") for n in (1, 2, 3)] == ["FINAL 1", "FINAL 2", "FINAL 3"]
    assert bench.outcome("final 4") is Busy
    assert str(bench.tasks["final 4"].exception()) == "4 decodes are waiting already"


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


async def test_what_gathers_behind_a_busy_engine_goes_together() -> None:
    bench = Bench(batch=3)
    async with running(bench.scheduler):
        await bench.occupied()
        for job in "abcd":
            await bench.put(job)
        await bench.put("partial", final=False)
        await bench.all_done()
    assert bench.engine.batches == [["first"], ["a", "b", "c"], ["d"], ["partial"]]  # a partial never with finals
    assert bench.outcome("c") == "C"


async def test_an_idle_engine_waits_for_nobody() -> None:
    bench = Bench(batch=8)
    async with running(bench.scheduler):
        await bench.occupied()
        assert bench.engine.batches == [["first"]]
        await bench.all_done()


async def test_a_newer_partial_takes_the_place_of_the_waiting_one_and_a_final_ends_them() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("old", final=False, stream="one")
        await bench.put("other", final=False, stream="two")
        await bench.put("new", final=False, stream="one")
        assert bench.scheduler.depth == 2
        await bench.put("final", stream="one")
        assert bench.scheduler.depth == 2
        await bench.all_done()
    assert bench.engine.begun == ["first", "final", "other"]
    assert (bench.outcome("old"), bench.outcome("new")) == (Replaced, Replaced)


async def test_a_newer_partial_does_not_end_a_waiting_final() -> None:
    bench = Bench()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("final", stream="one")
        await bench.put("partial", final=False, stream="one")
        await bench.all_done()
    assert bench.outcome("final") == "FINAL"


async def test_overload_sheds_partials_first_then_finals_are_decoded_the_faster_way() -> None:
    bench = Bench(shed_ms=500, degrade_ms=900)  # a final is taken for 300 ms, and a fifth less after each of 0 ms
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("1")
        await bench.put("partial taken", final=False)  # 300 ms wait
        await bench.put("2")
        await bench.put("partial refused", final=False)  # 600 ms wait
        await bench.put("3")
        await bench.put("4")  # 1200 ms wait, 960 after the first: overloaded, until less than 450 wait
        await bench.all_done()
    assert bench.outcome("partial refused") is Busy
    assert bench.outcome("partial taken") == "PARTIAL TAKEN"
    assert bench.engine.begun == ["first", "1", "2", "3", "4", "partial taken"]
    assert bench.engine.fast == [False, True, True, False, False, False]
    assert [bench.tasks[job].result().degraded for job in ("first", "1", "4")] == [False, True, False]


async def test_one_that_breaks_a_batch_costs_the_others_nothing() -> None:
    bench = Bench(batch=4)
    async with running(bench.scheduler):
        await bench.occupied()
        for job in ("a", "broken", "b"):
            await bench.put(job)
        await bench.all_done()
    assert (bench.outcome("a"), bench.outcome("b")) == ("A", "B")
    assert bench.outcome("broken") is RuntimeError


async def test_replicas_decode_at_the_same_time() -> None:
    bench = Bench(replicas=2)
    async with running(bench.scheduler):
        bench.engine.hold()
        for job in ("a", "b", "c"):
            await bench.put(job)
        for _ in "ab":
            assert await asyncio.to_thread(bench.engine.in_work.acquire, timeout=60)
        assert sorted(bench.engine.begun) == ["a", "b"]
        assert bench.scheduler.depth == 1
        await bench.all_done()
    assert sorted(bench.engine.begun) == ["a", "b", "c"]


def test_every_gpu_runs_every_replica() -> None:
    assert AsrOptions(replicas=2).engines == 2
    assert AsrOptions(replicas=2, device="cuda", gpus=[0, 1, 3]).engines == 6


def misses() -> float:
    return metrics.DEADLINE_MISSES.labels("final")._value.get()


@pytest.mark.parametrize(("after_s", "missed"), [(7.9, 1), (1.0, 0)])
async def test_an_asker_who_gives_up_at_the_deadline_counts_as_a_miss_and_one_who_hangs_up_does_not(
    after_s: float, missed: int
) -> None:
    """Legs wait as long as the deadline they set, so they give up just before it passes here."""
    bench = Bench()
    before = misses()
    async with running(bench.scheduler):
        await bench.occupied()
        await bench.put("late", deadline_ms=8000)
        bench.now += after_s
        bench.tasks["late"].cancel()
        await asyncio.wait([bench.tasks["late"]])
        await bench.all_done()
    assert misses() - before == missed
    assert "late" not in bench.engine.begun
