"""What the cluster asks: is the process alive, may it get requests, how does it do."""

from __future__ import annotations

import logging
from typing import Any

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from prometheus_client.exposition import choose_encoder

from checkout_backend.lifecycle import Lifecycle
from checkout_backend.metrics import Metrics
from checkout_backend.problems import problem, unavailable
from checkout_backend.store import Store, Unavailable

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_ANSWER_SECONDS = 2.0
"""Shorter than a probe waits, so that the reason arrives too."""

_log = logging.getLogger(__name__)


def install(app: FastAPI, store: Store, lifecycle: Lifecycle, metrics: Metrics) -> None:
    """Give `app` the routes for probes and for Prometheus.

    They are asynchronous, and readiness has a thread of its own: requests that wait for the
    database must not keep a probe from being answered.
    """
    own_threads: list[anyio.CapacityLimiter] = []

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """Say that the process answers; whatever else is wrong, a restart would not help."""
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False, response_model=None)
    async def readyz() -> Response | dict[str, str]:
        """Say whether requests can be served: the database answers, and no shutdown has begun."""
        if lifecycle.draining:
            return problem(503, "This instance is shutting down.")
        if not own_threads:
            own_threads.append(anyio.CapacityLimiter(1))  # belongs to the running event loop
        try:
            with anyio.fail_after(_ANSWER_SECONDS):
                await run_sync(store.ping, limiter=own_threads[0], abandon_on_cancel=True)
        except (Unavailable, TimeoutError) as error:
            _log.warning(
                "not ready", extra={"fields": {"reason": str(error) or "no answer in time"}}
            )
            return unavailable()
        return {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    async def prometheus(request: Request) -> Response:
        """Give the metrics in Prometheus' text format; in that of OpenMetrics with exemplars."""
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        content: Any = encode(metrics.registry)
        return Response(content, headers={"Content-Type": media_type})
