"""`/metrics` for Prometheus: this process, its calls and workers, and what the inference worker counts.

Numbers only: no label names a caller, a conversation or anything that was said. Read by programs on this machine, or
from elsewhere with the bearer token of `server.metrics_token`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from server.api.access import bearer

log = structlog.get_logger(__name__)

LAG_EVERY_S = 0.5
LAG_BUCKETS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
REFUSED = "metrics are for this machine, or for the bearer token of the setting server.metrics_token"

router = APIRouter()


class Meter:
    """What the app process counts of itself."""

    def __init__(self, inference: Callable[[], Awaitable[str]], token: str) -> None:
        self.inference = inference
        self.token = token
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="warmline_app", registry=self.registry)
        self._lag = Histogram(
            "warmline_event_loop_lag_seconds",
            "how late the app's event loop woke up, looked at twice a second",
            buckets=LAG_BUCKETS_S,
            registry=self.registry,
        )

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Observe the event loop for as long as the app serves."""
        task = asyncio.create_task(self._watch(), name="loop-lag")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self._lag.observe(max(0.0, loop.time() - due))


class Snapshot:
    """The state of things as metric families; a collector of one scrape."""

    def __init__(self, health: dict[str, Any], inference_up: bool) -> None:
        self._health = health
        self._inference_up = inference_up

    def collect(self) -> Iterable[Metric]:
        """Gauges of the planes, the workers and the engines."""
        health = self._health
        yield GaugeMetricFamily("warmline_up", "1 when every plane is well", float(health["status"] == "ok"))
        yield GaugeMetricFamily("warmline_inference_up", "1 when the inference worker answers", self._inference_up)
        yield GaugeMetricFamily("warmline_conversations_open", "calls that are up", health.get("contacts", 0))
        planes = GaugeMetricFamily("warmline_plane_running", "1 for a process that runs", labels=["plane"])
        for name, plane in health.get("planes", {}).items():
            planes.add_metric([name], float(plane.get("state") == "running"))
        yield planes
        connected = GaugeMetricFamily(
            "warmline_worker_connected", "1 for a leg worker at hand", labels=["worker", "kind"]
        )
        legs = GaugeMetricFamily("warmline_legs", "legs that are up", labels=["worker", "kind"])
        capacity = GaugeMetricFamily("warmline_leg_capacity", "legs a worker can take", labels=["worker", "kind"])
        for worker in health.get("workers", []):
            labels = [worker["id"], worker["kind"]]
            connected.add_metric(labels, float(worker["connected"]))
            legs.add_metric(labels, worker["legs"])
            capacity.add_metric(labels, worker["capacity"])
        yield from (connected, legs, capacity)
        engines = GaugeMetricFamily("warmline_engine_ready", "1 for a loaded engine", labels=["engine"])
        for state, value in (("ready", 1.0), ("missing", 0.0)):
            for name in health.get("engines", {}).get(state, {}):
                engines.add_metric([name], value)
        if "dialog_ready" in health:
            engines.add_metric(["understanding"], float(health["dialog_ready"]))
        yield engines


def not_ready(text: str) -> list[str]:
    """What `/metrics` tells of as missing, by name, for people who wait for it; empty when all is there."""
    labels = {
        "warmline_inference_up": "",
        "warmline_plane_running": "plane",
        "warmline_worker_connected": "worker",
        "warmline_engine_ready": "engine",
    }
    return [
        sample.labels.get(labels[sample.name], "inference")
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in labels and sample.value == 0
    ]


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Everything in Prometheus's text format. Without the inference worker its part is missing."""
    meter: Meter = request.app.state.meter
    if not _may_read(request, meter.token):
        raise HTTPException(401, REFUSED)
    health, inference = await asyncio.gather(request.app.state.control.health(), _inference(meter))
    parts = (
        generate_latest(meter.registry).decode(),
        generate_latest(Snapshot(health, bool(inference))).decode(),
        inference,
    )
    return Response("".join(parts), media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def _inference(meter: Meter) -> str:
    try:
        return await meter.inference()
    except (OSError, TimeoutError) as error:
        log.info("metrics.no_inference", error=str(error) or "no answer")
        return ""


def _may_read(request: Request, token: str) -> bool:
    """The token, or a program on this machine; what a proxy on this machine passes on comes from elsewhere."""
    sent = bearer(request)
    if token and sent is not None and hmac.compare_digest(sent.encode(), token.encode()):
        return True
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
