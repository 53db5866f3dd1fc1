"""What is counted and timed; no label ever holds anything about a customer."""

from __future__ import annotations

import os

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from billing.stripe.client import Request

log = structlog.get_logger(__name__)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5)

REQUESTS = Histogram(
    "kontor_slack_request_seconds", "Seconds until Slack had its answer", ["kind", "result"], buckets=_SECONDS
)
STRIPE_EVENTS = Counter("kontor_stripe_events_total", "Events that Stripe delivered", ["type", "kind"])
DIFFERENCES = Counter("kontor_stripe_differences_total", "Contacts that differed from Stripe, and were mended")
MISSED_EVENTS = Counter("kontor_stripe_missed_events_total", "Events that never arrived, and were fetched")
STRIPE_CALLS = Histogram(
    "kontor_stripe_call_seconds", "Seconds that a call to Stripe took", ["method", "status"], buckets=_SECONDS
)


def observe_request(kind: str, result: str, seconds: float) -> None:
    REQUESTS.labels(kind, result).observe(seconds)


def observe_stripe(request: Request) -> None:
    """Count a call to Stripe, and log it with Stripe's request id beside the ids of the operation under way."""
    resource = "/".join(request.path.split("/")[:3])  # without the object's id
    STRIPE_CALLS.labels(f"{request.method} {resource}", str(request.status or "none")).observe(request.seconds)
    log.info(
        "stripe",
        method=request.method,
        path=request.path,
        status=request.status,
        stripe_request=request.request_id,
        replayed=request.replayed,
        ms=round(request.seconds * 1000),
    )


def page() -> bytes:
    """Everything counted so far, over all web processes of this machine."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package has no types here
    return generate_latest(registry)
