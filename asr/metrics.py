"""What recognition tells Prometheus. Lives in the inference worker; no label or value holds anything that was said."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

KINDS = ("final", "partial")
DECODE_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 4.0, 8.0)

REGISTRY = CollectorRegistry()
ProcessCollector(namespace="warmline_inference", registry=REGISTRY)

QUEUE_DEPTH = Gauge("warmline_asr_queue_depth", "decodes that wait", ["kind"], registry=REGISTRY)
QUEUE_SECONDS = Histogram(
    "warmline_asr_queue_seconds", "wait of a decode before it began", ["kind"], buckets=DECODE_S, registry=REGISTRY
)
DECODE_SECONDS = Histogram(
    "warmline_asr_decode_seconds", "work of a decode once begun", ["kind"], buckets=DECODE_S, registry=REGISTRY
)
BATCH_SIZE = Histogram(
    "warmline_asr_batch_size", "utterances decoded together", buckets=(1, 2, 3, 4, 6, 8, 12, 16, 32), registry=REGISTRY
)
DEADLINE_MISSES = Counter(
    "warmline_asr_deadline_misses", "decodes answered with nothing, too late", ["kind"], registry=REGISTRY
)
SHED_PARTIALS = Counter("warmline_asr_shed_partials", "partials given up under load", registry=REGISTRY)
DEGRADED_FINALS = Counter(
    "warmline_asr_degraded_finals", "finals decoded by the faster policy under load", registry=REGISTRY
)

for _kind in KINDS:  # present with 0 from the start, so that a rate can be taken of the first one
    QUEUE_DEPTH.labels(_kind)
    QUEUE_SECONDS.labels(_kind)
    DECODE_SECONDS.labels(_kind)
    DEADLINE_MISSES.labels(_kind)


def exposition() -> str:
    """All of them in Prometheus's text format."""
    return generate_latest(REGISTRY).decode()
