"""Who may register, call in, and be called: everything else is refused."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from telephony.edge import AGENT_HEADER, word_of
from telephony.edge_users import registered
from tests.edge.phones import Dialog, Phone
from tests.edge.world import INTERNAL, SECRET, Edge, an_edge, needs_kamailio, until

TORTURE = Path(__file__).parents[2].parent / "shared" / "data" / "sip_torture_rfc4475"
pytestmark = [pytest.mark.e2e, needs_kamailio]


async def register(
    edge: Edge, phone: Phone, secret: str, *, to: str = "", auth_user: str = "", expires: int = 60
) -> int:
    home = f"sip:{phone.domain}"
    answer = await phone.request(
        "REGISTER",
        home,
        to=f"<{to or f'sip:{phone.user}@{phone.domain}'}>",
        headers=[f"Expires: {expires}"],
        secret=secret,
        auth_user=auth_user,
    )
    return answer.status


async def dial(edge: Edge, uri: str, *, host: str = "127.0.0.1", secret: str = SECRET, user: str = "warmline") -> int:
    """As a sip-out worker does it; returns the final status."""
    phone = await edge.phone(host, user)
    answer = await phone.request(
        "INVITE", uri, headers=[f"Route: <sip:127.0.0.1:{edge.options.port};lr>"], secret=secret, auth_user=INTERNAL
    )
    return answer.status


async def test_registration_needs_the_password_and_ends() -> None:
    async with an_edge() as edge:
        edge.agent("ann", "s3cret")
        await edge.start()
        ann = await edge.phone(user="ann")
        assert await register(edge, ann, "wrong") == 401
        assert not await edge.rpc.registered("ann")
        assert await register(edge, ann, "s3cret", to=edge.uri("bob")) == 403
        mallory = await edge.phone(user="mallory")
        assert await register(edge, mallory, "s3cret") == 401
        assert await register(edge, mallory, SECRET, auth_user=INTERNAL) == 401
        assert registered(edge.users.path) == frozenset()
        assert await register(edge, ann, "s3cret") == 200
        assert await edge.rpc.registered("ann")
        await until(lambda: registered(edge.users.path) == {"ann"})  # what the app looks at
        assert await register(edge, ann, "s3cret", expires=0) == 200
        assert not await edge.rpc.registered("ann")
        await until(lambda: not registered(edge.users.path))


async def test_guessing_passwords_is_shut_out_for_that_user_only() -> None:
    async with an_edge() as edge:
        edge.agent("ann", "s3cret")
        edge.agent("bob", "hunter2")
        await edge.start()
        ann, bob = await edge.phone(user="ann"), await edge.phone(user="bob")
        for _ in range(10):
            assert await register(edge, ann, "wrong") == 401
        assert await register(edge, ann, "s3cret") == 403
        assert await register(edge, bob, "hunter2") == 200


async def test_users_change_while_it_runs() -> None:
    async with an_edge() as edge:
        await edge.start()
        ann = await edge.phone(user="ann")
        assert await register(edge, ann, "one") == 401
        edge.agent("ann", "one")
        assert await register(edge, ann, "one") == 200
        edge.agent("ann", "two")
        assert await register(edge, ann, "two") == 200
        edge.users.remove("ann")
        assert await register(edge, ann, "two") == 401
        # Still in Kamailio's memory, but no agent any more: the server's own calls neither ring it nor reach the bot.
        assert await dial(edge, edge.uri("ann")) == 404
        await edge.rpc.unregister("ann")
        await edge.rpc.unregister("ann")
        assert not await edge.rpc.registered("ann")


async def test_registering_while_the_app_writes_users() -> None:
    async with an_edge() as edge:
        for n in range(8):
            edge.agent(f"agent{n}", "s3cret")
        await edge.start()
        phones = [await edge.phone(user=f"agent{n}") for n in range(8)]
        with contextlib.closing(sqlite3.connect(edge.users.path, isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            held.execute("UPDATE subscriber SET ha1b = 'x'")
            statuses = await asyncio.gather(*(register(edge, phone, "s3cret") for phone in phones))
            held.execute("COMMIT")
        assert statuses == [200] * 8


async def test_only_the_servers_own_calls_reach_an_agent() -> None:
    async with an_edge(trunks=["127.0.0.8"]) as edge:
        worker = await edge.worker()
        edge.agent("ann", "s3cret")
        edge.agent("bob", "hunter2")
        await edge.start()
        assert await dial(edge, edge.uri("ann")) == 480
        ann = await edge.phone(user="ann")
        assert await register(edge, ann, "s3cret") == 200
        assert await dial(edge, edge.uri("ann")) == 200
        invite = await ann.heard("INVITE")
        await ann.heard("ACK")
        assert invite.uri == f"sip:ann@127.0.0.1:{ann.port}"
        assert not invite.one("proxy-authorization")
        assert await dial(edge, edge.uri("ann"), secret="guess") == 403
        trunk = await edge.phone("127.0.0.8")
        bob = await edge.phone(user="bob")
        local = await edge.phone()
        assert (await bob.request("INVITE", edge.uri("ann"), secret="hunter2")).status == 403
        assert (await local.request("INVITE", edge.uri("ann"))).status == 407
        assert (await trunk.request("INVITE", edge.uri("ann"))).status == 407
        assert (ann.received, worker.offered) == ([], 0)


async def test_registrations_outlive_kill_9() -> None:
    async with an_edge() as edge:
        edge.agent("ann", "s3cret")
        await edge.start()
        ann = await edge.phone(user="ann")
        assert await register(edge, ann, "s3cret") == 200
        await until(lambda: _stored(edge, "ann"))
        await edge.kill()
        await edge.start()
        assert await edge.rpc.registered("ann")
        assert await dial(edge, edge.uri("ann")) == 200


def _stored(edge: Edge, user: str) -> bool:
    with contextlib.closing(sqlite3.connect(edge.folder / "edge-location.db")) as database:
        return bool(database.execute("SELECT 1 FROM location WHERE username = ?", (user,)).fetchone())


async def test_strangers_need_a_password_and_trunks_do_not() -> None:
    async with an_edge(trust_loopback=False, trunks=["127.0.0.8", "192.0.2.0/24"]) as edge:
        worker = await edge.worker()
        edge.agent("ann", "s3cret")
        await edge.start()
        stranger, trunk = await edge.phone("127.0.0.9"), await edge.phone("127.0.0.8")
        ann = await edge.phone("127.0.0.9", "ann")
        assert (await stranger.request("INVITE", edge.uri("support"))).status == 407
        assert (await ann.request("INVITE", edge.uri("support"), secret="wrong")).status == 403
        assert (await stranger.request("INVITE", edge.uri("support"), secret="s3cret", auth_user="ann")).status == 403
        assert worker.offered == 0
        assert (await trunk.request("INVITE", edge.uri("support"))).status == 200
        assert (await ann.request("INVITE", edge.uri("support"), secret="s3cret")).status == 200
        assert worker.offered == 2
        invite = await worker.heard("INVITE")
        assert not invite.one("proxy-authorization")


async def test_codes_of_parked_customers_are_dialled_with_a_password_whoever_calls_from_wherever() -> None:
    """The worker is told whose it was, with a word that no caller knows."""
    async with an_edge(trust_loopback=True, trunks=["127.0.0.8"]) as edge:
        worker = await edge.worker()
        edge.agent("ann", "s3cret")
        await edge.start()
        ann, trunk = await edge.phone("127.0.0.9", "ann"), await edge.phone("127.0.0.8")
        assert (await trunk.request("INVITE", edge.uri("*5701"))).status == 407
        assert (await ann.request("INVITE", edge.uri("*5701"))).status == 407
        assert worker.offered == 0
        forged = [f"{AGENT_HEADER.lower()}: {word_of('')} bob"]
        taken = await ann.request("INVITE", edge.uri("*5701"), secret="s3cret", headers=forged)
        assert taken.status == 200
        invite = await worker.heard("INVITE")
        assert invite.all(AGENT_HEADER.lower()) == [f"{word_of(SECRET)} ann"]
        assert SECRET not in word_of(SECRET)
        assert not invite.one("proxy-authorization")
        # Who took a customer so may pass them on by telephone; who calls as anybody does may not.
        refer = ["Refer-To: <sip:bob@127.0.0.1>"]
        assert (await ann.request("REFER", dialog=taken.dialog, headers=refer)).status == 200
        assert (await worker.heard("REFER")).one("refer-to") == "<sip:bob@127.0.0.1>"
        call = await trunk.request("INVITE", edge.uri("support"))
        assert (await trunk.request("REFER", dialog=call.dialog, headers=refer)).status == 603


async def test_no_open_relay() -> None:
    async with an_edge(trunks=["127.0.0.8"]) as edge:
        worker = await edge.worker()
        edge.agent("ann", "s3cret")
        await edge.start()
        victim = await edge.phone()
        away = f"sip:victim@127.0.0.1:{victim.port}"
        route = [f"Route: <sip:127.0.0.1:{edge.options.port};lr>"]
        callers = [await edge.phone(), await edge.phone("127.0.0.8"), await edge.phone(user="ann")]
        for caller in callers:
            for headers in ([], route, [f"{route[0]}, <{away};lr>"]):
                answer = await caller.request("INVITE", away, headers=headers, secret="s3cret")
                assert answer.status == 403
        # A To tag of no call does not help either, nor does its own call's Route towards somebody else's.
        for method in ("INVITE", "BYE", "INFO"):
            forged = Dialog("none@x", "<sip:a@x>;tag=1", f"<{away}>;tag=2", away, [], 0)
            assert (await callers[0].request(method, dialog=forged)).status == 404
            forged.routes = [f"<sip:127.0.0.1:{edge.options.port};lr>"]
            assert (await callers[0].request(method, dialog=forged)).status == 481
        # The preloaded route of a permitted call leads nowhere else.
        call = await callers[0].request("INVITE", edge.uri("support"), headers=[f"{route[0]}, <{away};lr>"])
        assert call.status == 200
        assert (victim.received, worker.offered) == ([], 1)


async def test_the_servers_own_calls_go_where_a_rule_allows() -> None:
    async with an_edge() as edge:
        worker = await edge.worker()
        desk = await edge.phone()
        await edge.start(dial_allowed=(f"sip:desk*@127.0.0.1:{desk.port}", "sip:+49*@pbx.example"))
        assert await dial(edge, f"sip:desk7@127.0.0.1:{desk.port}") == 200
        assert await dial(edge, f"sip:desk7@127.0.0.1:{desk.port}", secret="guess") == 403
        assert await dial(edge, f"sip:boss@127.0.0.1:{desk.port}") == 403
        assert await dial(edge, f"sip:desk@evil.example@127.0.0.1:{desk.port}") in (400, 403)
        assert await dial(edge, f"sip:desk7@127.0.0.1:{desk.port};maddr=192.0.2.1") == 403
        assert await dial(edge, edge.uri("nobody")) == 404
        assert worker.offered == 0


async def test_what_is_not_a_call_is_refused() -> None:
    async with an_edge() as edge:
        worker = await edge.worker()
        await edge.start()
        phone = await edge.phone()
        assert (await phone.request("OPTIONS", edge.uri("support"))).status == 200
        for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY", "WHATEVER"):
            assert (await phone.request(method, edge.uri("support"))).status == 405
        refer = ["Refer-To: <sip:premium@203.0.113.9>"]
        assert (await phone.request("REFER", edge.uri("support"), headers=refer)).status == 603
        call = await phone.request("INVITE", edge.uri("support"))
        assert (await phone.request("REFER", dialog=call.dialog, headers=refer)).status == 603
        assert (await phone.request("MESSAGE", dialog=call.dialog)).status == 405
        assert (await phone.request("BYE", dialog=call.dialog)).status == 200
        assert {message.method for message in worker.received} <= {"OPTIONS", "INVITE", "ACK", "BYE"}
        with pytest.raises(TimeoutError):
            await phone.request("OPTIONS", headers=["User-Agent: friendly-scanner"], timeout_s=0.5)


@pytest.mark.skipif(not TORTURE.exists(), reason="the RFC 4475 messages are not on this machine")
async def test_torture_messages_leave_it_answering() -> None:
    async with an_edge() as edge:
        await edge.worker()
        await edge.start()
        bad, good = await edge.phone(), await edge.phone()
        messages = sorted(TORTURE.glob("*.dat"))
        assert len(messages) == 49
        garbage = [b"\0" * 200, b"INVITE", b"\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"x" * 60_000]
        for message in [*(path.read_bytes() for path in messages), *garbage]:
            bad.send_bytes(message)
        assert (await good.request("OPTIONS")).status == 200
        reader, writer = await asyncio.open_connection(*edge.address)
        for path in messages:
            writer.write(path.read_bytes())
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()
        del reader
        assert (await good.request("INVITE", edge.uri("support"))).status == 200
