"""`/metrics`: what is in it, and who may read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from asr.metrics import BATCH_SIZE, DEADLINE_MISSES, QUEUE_DEPTH, SHED_PARTIALS
from asr.options import AsrOptions
from prosody.options import ProsodyOptions
from server.api.metrics import Snapshot, not_ready
from server.embedding import InferenceLink
from server.inference.service import InferenceService
from server.options import ServerOptions
from session import channel
from tests.server_api.conftest import METRICS_TOKEN
from tts.options import TtsOptions

INFERENCE = """# HELP warmline_asr_queue_depth decodes that wait
# TYPE warmline_asr_queue_depth gauge
warmline_asr_queue_depth{kind="final"} 3.0
"""
WORKERS = [{"id": "sip-in-0", "kind": "sip-in", "pid": 1, "legs": 2, "capacity": 4, "connected": True}]


@pytest.fixture
async def inference(tmp_path: Path) -> AsyncIterator[InferenceLink]:
    """The app's link to the inference worker's own service, which has loaded no engine."""
    address = f"unix:{tmp_path}/i.sock"
    service = InferenceService(AsrOptions(), TtsOptions(cache_dir=str(tmp_path)), ProsodyOptions(), tmp_path / "models")
    server = await channel.serve(address, service, "inference")
    link = InferenceLink(address)
    running = asyncio.create_task(link.run())
    await link.prefetch([], "en")  # waits until the link is up
    yield link
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    server.close()


def values(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and label values; a name told twice would be refused by Prometheus."""
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), names
    return {
        (sample.name, *dict(sorted(sample.labels.items())).values()): sample.value
        for family in families
        for sample in family.samples
    }


async def scrape(world: Any, address: str = "127.0.0.1", **more: Any) -> httpx.Response:
    async with world.client(address, **more) as client:
        return await client.get("/metrics")


async def test_app_workers_and_inference_in_one_exposition(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def health() -> dict[str, Any]:
        return {
            "status": "degraded",
            "planes": {"app": {"state": "running"}, "kamailio": {"state": "waiting"}},
            "workers": WORKERS,
            "engines": {"ready": {"recognition": "whisper-base"}, "missing": {"emotion": "loading"}},
            "contacts": 7,
        }

    monkeypatch.setattr(world.control, "health", health)
    world.control.inference = INFERENCE
    answer = await scrape(world)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = values(answer.text)
    assert found["warmline_up",] == 0
    assert found["warmline_inference_up",] == 1
    assert found["warmline_conversations_open",] == 7
    assert found["warmline_legs", "sip-in", "sip-in-0"] == 2
    assert found["warmline_leg_capacity", "sip-in", "sip-in-0"] == 4
    assert (found["warmline_plane_running", "app"], found["warmline_plane_running", "kamailio"]) == (1, 0)
    assert (found["warmline_engine_ready", "recognition"], found["warmline_engine_ready", "emotion"]) == (1, 0)
    assert found["warmline_asr_queue_depth", "final"] == 3
    assert found["warmline_app_process_cpu_seconds_total",] > 0


async def test_without_inference_its_part_is_missing_and_said_to_be(world: Any) -> None:
    found = values((await scrape(world)).text)
    assert found["warmline_inference_up",] == 0
    assert not any(name.startswith("warmline_asr") for name, *_ in found)
    assert found["warmline_up",] == 1


async def test_the_worker_tells_what_it_counts(world: Any, inference: InferenceLink) -> None:
    world.app.state.meter.inference = inference.metrics
    before = values((await scrape(world)).text)  # counters are of this process, other tests have counted too
    SHED_PARTIALS.inc()
    DEADLINE_MISSES.labels("partial").inc(2)
    BATCH_SIZE.observe(4)
    QUEUE_DEPTH.labels("final").set(5)
    found = values((await scrape(world)).text)
    QUEUE_DEPTH.labels("final").set(0)
    assert found["warmline_inference_up",] == 1
    assert found["warmline_asr_queue_depth", "final"] == 5
    for name, more in (
        (("warmline_asr_shed_partials_total",), 1),
        (("warmline_asr_deadline_misses_total", "partial"), 2),
        (("warmline_asr_batch_size_count",), 1),
    ):
        assert found[name] - before[name] == more, name
    assert found["warmline_inference_process_cpu_seconds_total",] > 0


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.1", {}, 401),
        ("192.0.2.1", {"Authorization": f"Bearer {METRICS_TOKEN}"}, 200),
        ("192.0.2.1", {"Authorization": "Bearer scrape-mE"}, 401),
        ("192.0.2.1", {"Authorization": "Bearer é"}, 401),
        # A proxy on this machine passes on what strangers ask.
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 401),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1", "Authorization": f"Bearer {METRICS_TOKEN}"}, 200),
    ],
)
async def test_this_machine_or_the_token(world: Any, address: str, headers: dict[str, str], status: int) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    answer = await scrape(world, address, headers=encoded)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert "server.metrics_token" in answer.json()["detail"]
        assert "warmline_up" not in answer.text


async def test_without_a_token_set_an_empty_one_opens_nothing(world: Any) -> None:
    world.app.state.meter.token = ServerOptions().metrics_token
    for sent in ("Bearer ", "Bearer  ", "bearer"):
        assert (await scrape(world, "192.0.2.1", headers={"Authorization": sent})).status_code == 401


async def test_a_login_is_no_metrics_token(world: Any) -> None:
    async with await world.as_user("root") as client:
        assert (await client.get("/metrics")).status_code == 401


async def test_a_blocked_event_loop_is_seen(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.metrics.LAG_EVERY_S", 0.01)
    meter = world.app.state.meter

    def seen(metric: str) -> float:
        return float(meter.registry.get_sample_value(f"warmline_event_loop_lag_seconds_{metric}"))

    async def told(more_than: float) -> None:
        async with asyncio.timeout(30):
            while seen("count") <= more_than:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async with meter.watching():
        await told(1)
        before, looks = seen("sum"), seen("count")
        time.sleep(0.2)  # noqa: ASYNC251 - that it blocks is what is tested
        await told(looks)
    assert seen("sum") - before >= 0.1


def test_who_waits_for_a_start_is_told_what_for() -> None:
    planes = {"app": {"state": "running"}, "kamailio": {"state": "restarting"}}
    engines = {"ready": ["recognition"], "missing": ["emotion"]}
    health = {"status": "degraded", "planes": planes, "workers": WORKERS, "engines": engines, "dialog_ready": False}
    assert not_ready(generate_latest(Snapshot(health, inference_up=False)).decode()) == [
        "inference",
        "kamailio",
        "emotion",
        "understanding",
    ]
    well = {"status": "ok", "planes": {"app": {"state": "running"}}, "workers": WORKERS, "dialog_ready": True}
    assert not_ready(generate_latest(Snapshot(well, inference_up=True)).decode()) == []
