"""The edge's rules, on a real Kamailio: who may call in, where a call goes, what is refused."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.edge.edge_world import INTERNAL_SECRET, INTERNAL_USER, Edge, Message, Phone, needs_kamailio, running

pytestmark = [pytest.mark.e2e, needs_kamailio]


async def until(what: object, timeout_s: float = 4.0) -> None:
    """Wait until a condition (a callable) holds."""
    end = time.monotonic() + timeout_s
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.02)


async def worker_phone(edge: Edge) -> Phone:
    """One of our outbound workers: it speaks as `warmline` and authenticates as the internal user."""
    phone = await edge.phone(user=INTERNAL_USER, password=INTERNAL_SECRET)
    return phone


async def dial(phone: Phone, uri: str) -> Message:
    return await phone.ask("INVITE", uri, sender="sip:warmline@127.0.0.1")


async def test_a_call_reaches_a_worker_and_ends_by_the_callers_bye(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        phone = await edge.phone()
        answer = await phone.ask("INVITE", edge.desk)
        assert answer.status == 200
        worker = next(w for w in edge.workers if w.count("INVITE"))
        await until(lambda: worker.count("ACK") == 1)
        phone.in_dialog("BYE", answer)
        assert (await phone.final()).status == 200
        assert worker.count("BYE") == 1
        assert any("Via" and "127.0.0.1" in via for via in worker.seen[0].all("Via"))


async def test_calls_go_to_the_worker_with_most_room_and_over_capacity_get_503_at_once(tmp_path: Path) -> None:
    async with running(tmp_path, workers=2, maxload=2) as edge:
        phone = await edge.phone()
        answers = [await phone.ask("INVITE", edge.desk) for _ in range(4)]
        assert [a.status for a in answers] == [200] * 4
        assert [w.count("INVITE") for w in edge.workers] == [2, 2]
        began = time.monotonic()
        refused = await phone.ask("INVITE", edge.desk)
        assert (refused.status, refused.get("Retry-After")) == (503, "10")
        assert time.monotonic() - began < 0.5
        phone.in_dialog("BYE", answers[0])
        assert (await phone.final()).status == 200
        assert (await phone.ask("INVITE", edge.desk)).status == 200


async def test_a_silent_or_full_worker_costs_a_moment_not_the_call(tmp_path: Path) -> None:
    async with running(tmp_path, workers=3, worker_timeout_s=0.5) as edge:
        edge.workers[0].mode, edge.workers[1].mode = "silent", "486"
        phone = await edge.phone()
        for _ in range(3):
            assert (await phone.ask("INVITE", edge.desk)).status == 200
        assert edge.workers[2].count("INVITE") == 3


async def test_when_all_workers_refuse_the_caller_hears_503_with_retry_after(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        for worker in edge.workers:
            worker.mode = "503"
        phone = await edge.phone()
        for _ in range(5):  # and no place is lost by it
            answer = await phone.ask("INVITE", edge.desk)
            assert (answer.status, answer.get("Retry-After")) == (503, "10")
        edge.workers[1].mode = "answer"
        assert (await phone.ask("INVITE", edge.desk)).status == 200


async def test_the_apps_own_refusal_is_passed_on(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        for worker in edge.workers:
            worker.mode = "404"
        phone = await edge.phone()
        assert (await phone.ask("INVITE", edge.desk)).status == 404
        assert sum(w.count("INVITE") for w in edge.workers) == 1


async def test_callers_of_a_dead_worker_are_hung_up_and_its_places_are_free_again(tmp_path: Path) -> None:
    async with running(tmp_path, workers=1, maxload=2) as edge:
        phone = await edge.phone()
        for _ in range(2):
            assert (await phone.ask("INVITE", edge.desk)).status == 200
        assert (await phone.ask("INVITE", edge.desk)).status == 503
        worker = edge.workers[0]
        worker.kill()
        assert await edge.rpc.end_calls_of("127.0.0.1", worker.port) == 2
        byes = {(await phone.next()).method for _ in range(2)}
        assert byes == {"BYE"}
        await worker.start()
        assert (await phone.ask("INVITE", edge.desk)).status == 200
        assert (await phone.ask("INVITE", edge.desk)).status == 200


async def test_registration_needs_the_right_password(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        edge.users(alice="right horse")
        uri = f"sip:127.0.0.1:{edge.port}"
        me = f"<sip:alice@127.0.0.1:{edge.port}>"
        right = await edge.phone(user="alice", password="right horse")
        assert (await right.ask("REGISTER", uri, to=me)).status == 200
        wrong = await edge.phone(user="alice", password="wrong")
        assert (await wrong.ask("REGISTER", uri, to=me)).status == 401
        stranger = await edge.phone(user="mallory", password="x")
        assert (await stranger.ask("REGISTER", uri, to=f"<sip:mallory@127.0.0.1:{edge.port}>")).status == 401
        other = await edge.phone(user="alice", password="right horse")
        assert (await other.ask("REGISTER", uri, to=f"<sip:bob@127.0.0.1:{edge.port}>")).status == 403
        assert await edge.rpc.registered() == ["alice"]
        # Guessing ends: ten wrong ones shut the address out, the right password included.
        for _ in range(10):
            await wrong.ask("REGISTER", uri, to=me)
        assert (await right.ask("REGISTER", uri, to=me)).status == 403


async def test_only_our_workers_reach_a_registered_phone(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        edge.users(alice="right horse")
        uri, alice_uri = f"sip:127.0.0.1:{edge.port}", f"sip:alice@127.0.0.1:{edge.port}"
        out = await worker_phone(edge)
        assert (await dial(out, alice_uri)).status == 480
        alice = await edge.phone(user="alice", password="right horse")
        assert (await alice.ask("REGISTER", uri, to=f"<{alice_uri}>")).status == 200
        answer = await dial(out, alice_uri)
        assert answer.status == 200
        assert (await alice.next()).method == "INVITE"
        # A caller who dials her name talks to the bot, like everybody.
        caller = await edge.phone()
        assert (await caller.ask("INVITE", alice_uri)).status == 200
        assert sum(w.count("INVITE") for w in edge.workers) == 1
        # And nobody calls as our worker without its secret.
        false = await edge.phone(user=INTERNAL_USER, password="guess")
        assert (await dial(false, alice_uri)).status == 407


async def test_registrations_survive_kill_9(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        edge.users(alice="right horse")
        alice = await edge.phone(user="alice", password="right horse")
        alice_uri = f"sip:alice@127.0.0.1:{edge.port}"
        assert (await alice.ask("REGISTER", f"sip:127.0.0.1:{edge.port}", to=f"<{alice_uri}>")).status == 200
        await edge.restart()
        assert (await dial(await worker_phone(edge), alice_uri)).status == 200


async def test_a_call_that_is_up_ends_properly_after_the_edge_was_killed(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        phone = await edge.phone()
        answer = await phone.ask("INVITE", edge.desk)
        await edge.restart()
        phone.in_dialog("BYE", answer)
        assert (await phone.final()).status == 200


async def test_strangers_need_a_password_and_trunks_do_not(tmp_path: Path) -> None:
    async with running(tmp_path, trust_loopback=False, trunks=["127.0.0.8/30"]) as edge:
        edge.users(alice="right horse")
        stranger = await edge.phone(host="127.0.0.20")
        assert (await stranger.ask("INVITE", edge.desk)).status == 407
        liar = await edge.phone(host="127.0.0.20", user="alice", password="wrong")
        assert (await liar.ask("INVITE", edge.desk)).status == 403
        alice = await edge.phone(host="127.0.0.21", user="alice", password="right horse")
        assert (await alice.ask("INVITE", edge.desk)).status == 200
        trunk = await edge.phone(host="127.0.0.9")
        assert (await trunk.ask("INVITE", edge.desk)).status == 200


async def test_no_open_relay(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        victim = await edge.phone(user="victim")
        away = f"sip:victim@127.0.0.1:{victim.port}"
        phone = await edge.phone()
        route = (f"Route: <sip:127.0.0.1:{edge.port};lr>",)
        assert (await phone.ask("INVITE", away)).status == 403
        assert (await phone.ask("INVITE", away, extra=route)).status == 403
        # A To tag that no call has does not help, with or without a route.
        stranger = await edge.phone(host="127.0.0.20")
        for extra in ((), route):
            for method in ("INVITE", "BYE", "INFO"):
                answer = await stranger.ask(method, "sip:victim@203.0.113.5", to=f"<{away}>;tag=none", extra=extra)
                assert answer.status == 481
        for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY"):
            assert (await phone.ask(method, away)).status == 405
        assert victim.inbox.empty()


async def test_refer_is_declined_and_options_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        phone = await edge.phone()
        assert (await phone.ask("OPTIONS", edge.desk)).status == 200
        assert (await phone.ask("REFER", edge.desk)).status == 405
        answer = await phone.ask("INVITE", edge.desk)
        phone.in_dialog("REFER", answer)
        assert (await phone.final()).status == 603


async def test_cancel_before_the_answer_reaches_the_worker(tmp_path: Path) -> None:
    async with running(tmp_path, workers=1, maxload=1, worker_timeout_s=3) as edge:
        edge.workers[0].mode = "silent"
        phone = await edge.phone()
        invite = phone.text("INVITE", edge.desk, call_id="gone")
        phone.send(invite)
        await until(lambda: edge.workers[0].count("INVITE") >= 1)
        worker = edge.workers[0]
        worker._reply(worker.seen[0], 180, "Ringing")
        while (await phone.next()).status != 180:
            pass
        phone.send(invite.replace(b"INVITE sip", b"CANCEL sip").replace(b"1 INVITE", b"1 CANCEL"))
        await until(lambda: worker.count("CANCEL") >= 1)
        worker._reply(worker.seen[0], 487, "Terminated")
        statuses = {(await phone.final()).status, (await phone.final()).status}
        assert statuses == {200, 487}
        worker.mode = "answer"
        assert (await phone.ask("INVITE", edge.desk)).status == 200


async def test_torture_messages_leave_it_answering(tmp_path: Path) -> None:
    torture = Path(__file__).parents[2].parent / "shared" / "data" / "sip_torture_rfc4475"
    messages = sorted(torture.glob("*.dat"))
    if not messages:
        pytest.skip("the RFC 4475 messages are not on this machine")
    async with running(tmp_path) as edge:
        phone = await edge.phone()
        for message in messages:
            phone.send(message.read_bytes())
        for garbage in (b"\0" * 200, b"INVITE", b"\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"x" * 60_000):
            phone.send(garbage)
        await asyncio.sleep(0.3)
        other = await edge.phone()
        assert (await other.ask("INVITE", edge.desk)).status == 200
        assert edge.process.poll() is None
