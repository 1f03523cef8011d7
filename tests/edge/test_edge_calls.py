"""Calls through a real Kamailio: spread over workers, refused when full, carried on when a worker dies."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.edge.phones import Message, Script
from tests.edge.world import Edge, an_edge, needs_kamailio, until

pytestmark = [pytest.mark.e2e, needs_kamailio]


async def test_a_call_goes_through_and_ends() -> None:
    async with an_edge() as edge:
        worker = await edge.worker()
        await edge.start()
        caller = await edge.phone()
        call = await caller.request("INVITE", edge.uri("support"))
        assert call.status == 200
        ack = await worker.heard("ACK")
        assert ack.one("call-id") == call.dialog.call_id
        for method in ("INFO", "UPDATE", "INVITE"):
            assert (await caller.request(method, dialog=call.dialog)).status == 200
            assert (await worker.heard(method)).one("call-id") == call.dialog.call_id
        assert (await caller.request("BYE", dialog=call.dialog)).status == 200
        assert worker.calls == set()


async def test_calls_spread_and_the_one_too_many_is_refused_at_once() -> None:
    async with an_edge() as edge:
        first, second = await edge.worker(), await edge.worker()
        await edge.start(maxload=2)
        caller = await edge.phone()
        calls = [await caller.request("INVITE", edge.uri("support")) for _ in range(4)]
        assert [call.status for call in calls] == [200] * 4
        assert (len(first.calls), len(second.calls)) == (2, 2)
        refused = await caller.request("INVITE", edge.uri("support"))
        assert (refused.status, refused.message.one("retry-after")) == (503, "30")
        assert first.offered + second.offered == 4
        await caller.request("BYE", dialog=calls[0].dialog)
        assert (await caller.request("INVITE", edge.uri("support"))).status == 200


async def test_many_at_once_are_never_more_than_there_is_room_for() -> None:
    async with an_edge() as edge:
        workers = [await edge.worker() for _ in range(3)]
        await edge.start(maxload=4)
        caller = await edge.phone()
        calls = await asyncio.gather(*(caller.request("INVITE", edge.uri("support")) for _ in range(16)))
        assert sorted(call.status for call in calls) == [200] * 12 + [503] * 4
        assert [len(worker.calls) for worker in workers] == [4, 4, 4]


@pytest.mark.parametrize("status", [486, 503, 500])
async def test_a_worker_that_refuses_is_passed_over(status: int) -> None:
    async with an_edge() as edge:
        first, second = await edge.worker(Script(status)), await edge.worker()
        await edge.start()
        caller = await edge.phone()
        for _ in range(2):
            assert (await caller.request("INVITE", edge.uri("support"))).status == 200
        assert (len(first.calls), len(second.calls)) == (0, 2)


async def test_all_draining_is_503_with_retry_after() -> None:
    async with an_edge() as edge:
        for _ in range(2):
            await edge.worker(Script(503, extra=["Retry-After: 7"]))
        await edge.start()
        refused = await (await edge.phone()).request("INVITE", edge.uri("support"))
        assert (refused.status, refused.message.one("retry-after")) == (503, "30")
        assert [worker.offered for worker in edge.workers] == [1, 1]


async def test_a_refusal_that_is_the_apps_reaches_the_caller() -> None:
    async with an_edge() as edge:
        await edge.worker(Script(603))
        await edge.worker(Script(603))
        await edge.start(maxload=1)
        caller = await edge.phone()
        # More often than there is room: a refused call must not keep its place.
        assert [(await caller.request("INVITE", edge.uri("support"))).status for _ in range(4)] == [603] * 4


async def test_a_dead_worker_costs_one_timeout_and_comes_back() -> None:
    async with an_edge() as edge:
        first, second = await edge.worker(), await edge.worker()
        await edge.start()
        first.silent = True
        caller = await edge.phone()
        for _ in range(4):
            assert (await caller.request("INVITE", edge.uri("support"))).status == 200
        assert (len(second.calls), first.offered) == (4, 0)
        tried = {message.one("call-id") for message in first.received if message.method == "INVITE"}
        assert len(tried) <= 1, "only the first call waits for it"
        first.silent = False
        async with asyncio.timeout(60):
            while first.offered == 0:
                await first.heard("OPTIONS")
                call = await caller.request("INVITE", edge.uri("support"))
                await caller.request("BYE", dialog=call.dialog)


async def test_calls_of_a_dead_worker_are_ended_and_its_places_freed() -> None:
    async with an_edge() as edge:
        first, second = await edge.worker(), await edge.worker()
        await edge.start(maxload=1)
        caller = await edge.phone()
        calls = [await caller.request("INVITE", edge.uri("support")) for _ in range(2)]
        assert (await caller.request("INVITE", edge.uri("support"))).status == 503
        assert await edge.rpc.end_calls_to(first.port) == 1
        bye = await caller.heard("BYE")
        assert bye.one("call-id") in {call.dialog.call_id for call in calls}
        assert len(second.calls) == 1
        assert (await caller.request("INVITE", edge.uri("support"))).status == 200
        assert await edge.rpc.end_calls_to(4) == 0


async def test_a_worker_that_dies_while_it_rings_hands_its_call_on() -> None:
    async with an_edge() as edge:
        first, second = await edge.worker(Script(0)), await edge.worker()
        await edge.start(answer_within_s=0.5)
        caller = await edge.phone()
        # The emptiest worker is the first of the list, once the second has a call.
        assert (await caller.request("INVITE", edge.uri("support"))).status == 200
        first.received.clear()
        ringing = asyncio.create_task(caller.request("INVITE", edge.uri("support")))
        await first.heard("INVITE")
        first.silent = True
        assert await edge.rpc.end_calls_to(first.port) == 0
        assert (await ringing).status == 200
        assert len(second.calls) == 2


async def test_a_call_that_the_app_is_late_for_is_not_offered_again() -> None:
    """All workers have the same app behind them: each further offer is one more thing it has to do, and another wait."""
    async with an_edge() as edge:
        workers = [await edge.worker(Script(0)) for _ in range(3)]
        await edge.start(maxload=1)
        caller = await edge.phone()
        for _ in range(4):  # more often than there is room: it must not keep its place
            waiting = asyncio.create_task(caller.request("INVITE", edge.uri("support")))
            async with asyncio.timeout(20):
                rung, invite = await _first([worker.heard("INVITE") for worker in workers])
            assert workers[rung].offered
            workers[rung].send(workers[rung].reply(invite, 504, "Late", extra=["Retry-After: 7"]))
            refused = await waiting
            assert (refused.status, refused.message.one("retry-after")) == (503, "30")
        assert sum(worker.offered for worker in workers) == 4
        for worker in workers:
            worker.script = Script()
        assert [(await caller.request("INVITE", edge.uri("support"))).status for _ in range(3)] == [200] * 3


async def test_a_call_that_workers_are_late_for_is_offered_to_one_more() -> None:
    """The first may be dead. Where all are late the machine is full, and the same call in all of them makes it fuller."""
    async with an_edge() as edge:
        workers = [await edge.worker(Script(0, ring=False)) for _ in range(4)]
        await edge.start()
        caller = await edge.phone()
        refused = await caller.request("INVITE", edge.uri("support"))
        assert (refused.status, refused.message.one("retry-after")) == (503, "30")
        assert sum(worker.offered for worker in workers) == 2


async def _first(hearing: list[Coroutine[Any, Any, Message]]) -> tuple[int, Message]:
    """Who heard it, and what."""
    tasks = [asyncio.create_task(one) for one in hearing]
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    heard = done.pop()
    return tasks.index(heard), heard.result()


async def test_early_media_may_last_longer_than_ringing() -> None:
    async with an_edge() as edge:
        worker = await edge.worker(Script(0, ring=False))
        await edge.start(answer_within_s=0)
        caller = await edge.phone()
        waiting = asyncio.create_task(caller.request("INVITE", edge.uri("support")))
        invite = await worker.heard("INVITE")
        worker.send(worker.reply(invite, 183, "Session Progress", sdp=True))
        await asyncio.sleep(3.5)  # longer than Kamailio lets a call ring that shows no sign of life
        worker.send(worker.reply(invite, 200, "OK", sdp=True))
        assert (await waiting).status == 200


async def _cancel(edge: Edge) -> int:
    """A call cancelled while it rings; returns the caller's final status."""
    caller = await edge.phone()
    ringing = asyncio.create_task(caller.request("INVITE", edge.uri("support")))
    invite = await edge.workers[0].heard("INVITE")
    via = next(value for value in invite.all("via") if f":{caller.port}" in value)
    caller.send(
        f"CANCEL {edge.uri('support')} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{caller.port};{via.split(';', 1)[1].split(';rport')[0]};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: {invite.one('from')}\r\nTo: <{edge.uri('support')}>\r\nCall-ID: {invite.one('call-id')}\r\n"
        f"CSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n"
    )
    await edge.workers[0].heard("CANCEL")
    edge.workers[0].send(edge.workers[0].reply(invite, 487, "Request Terminated"))
    return (await ringing).status


async def test_cancel_reaches_the_worker_and_frees_its_place() -> None:
    async with an_edge() as edge:
        worker = await edge.worker(Script(0))
        await edge.start(maxload=1)
        for _ in range(3):
            assert await _cancel(edge) == 487
        worker.script = Script()
        assert (await (await edge.phone()).request("INVITE", edge.uri("support"))).status == 200


async def test_a_call_lives_through_a_killed_kamailio() -> None:
    async with an_edge() as edge:
        worker = await edge.worker()
        await edge.start()
        caller = await edge.phone()
        call = await caller.request("INVITE", edge.uri("support"))
        await worker.heard("ACK")
        await until(lambda: _confirmed(edge))
        await edge.kill()
        await edge.start()
        assert (await caller.request("BYE", dialog=call.dialog)).status == 200
        assert worker.calls == set()


async def test_calls_of_a_worker_that_died_with_the_edge_are_ended() -> None:
    async with an_edge() as edge:
        worker = await edge.worker()
        await edge.start()
        caller = await edge.phone()
        await caller.request("INVITE", edge.uri("support"))
        await worker.heard("ACK")
        await until(lambda: _confirmed(edge))
        await edge.kill()
        await edge.start()
        worker.silent = True
        assert await edge.rpc.end_calls_to(worker.port) == 1
        await caller.heard("BYE")


def _confirmed(edge: Edge) -> bool:
    """Whether the dialog's file knows a call that is up (state 4)."""
    with contextlib.closing(sqlite3.connect(edge.folder / "edge-dialogs.db")) as database:
        return database.execute("SELECT count(*) FROM dialog WHERE state = 4").fetchone() == (1,)


async def test_calls_that_nobody_takes_lose_no_place() -> None:
    async with an_edge() as edge:
        first, second = await edge.worker(Script(503)), await edge.worker(Script(486))
        await edge.start(maxload=1)
        caller = await edge.phone()
        for _ in range(6):
            assert (await caller.request("INVITE", edge.uri("support"))).status == 503
        assert (first.offered, second.offered) == (6, 6)
        first.script.status = second.script.status = 200
        assert [(await caller.request("INVITE", edge.uri("support"))).status for _ in range(2)] == [200, 200]
