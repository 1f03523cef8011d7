"""SIGTERM lets the current call finish and refuses new ones; kill -9 of the supervisor leaves no process behind.

The last of these files, because the shared instance does not outlive it; its second start is quick, the first one's
vectors are on disk.
"""

from __future__ import annotations

import asyncio
import signal

import httpx

from tests.e2e.phones import play
from tests.e2e.waiting import asked, until
from tests.e2e.world import Instance
from tests.edge.phones import Phone


async def refused(port: int) -> tuple[int, str]:
    """What a new call gets: (status, Retry-After)."""
    phone = await Phone("127.0.0.1", ("127.0.0.1", port), "late").open()
    try:
        answer = await phone.request("INVITE", f"sip:support@127.0.0.1:{port}")
        return answer.status, answer.message.one("retry-after")
    finally:
        phone.close()


def test_sigterm_drains(instance: Instance) -> None:
    assert instance.process is not None
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), play("en-hours"), asked("more"), {"hangup": True}
    )
    instance.wait(conversation, "bot.said", 30, text="Hello")
    instance.process.send_signal(signal.SIGTERM)
    until("it drains", lambda: "serve.draining" in instance.log(), 10, instance.tail)
    status, retry_after = until(
        "new calls are refused",
        lambda: next((a for a in [asyncio.run(refused(instance.sip))] if a[0] == 503), None),
    )
    assert status == 503 and int(retry_after) > 0
    offer = httpx.post(f"{instance.url}/api/offer", json={"sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"}, timeout=40)
    assert offer.status_code == 503 and int(offer.headers["retry-after"]) > 0, offer.text
    instance.wait(conversation, "decision", 60, type="answer", exit="answered")
    assert caller.report(60)["ended_by"] == "us"
    assert instance.process.wait(120) == 0, instance.tail()
    assert instance.processes() == []
    assert "Traceback" not in instance.log(), instance.tail(100)


def test_a_killed_supervisor_leaves_nothing(instance: Instance) -> None:
    if instance.process is None or instance.process.poll() is not None:
        instance.launch()
    assert instance.process is not None
    assert len(instance.processes()) > 5
    instance.process.kill()
    instance.process.wait(30)
    until("every process is gone", lambda: not instance.processes(), 15, lambda: "\n".join(instance.processes()))
