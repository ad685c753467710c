"""Puts the parts together into one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from checkout_backend import api, health, problems
from checkout_backend.cursors import Cursors
from checkout_backend.middleware import Bounded, Observed
from checkout_backend.service import Checkouts
from checkout_backend.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp

    from checkout_backend.lifecycle import Lifecycle
    from checkout_backend.metrics import Metrics
    from checkout_backend.store import Store

VERSION = "1.0.0"


class Application(FastAPI):
    """FastAPI with our own description of errors."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return api.describe(self)


def build(
    store: Store,
    *,
    signing_keys: Sequence[str],
    pod_name: str,
    lifecycle: Lifecycle,
    metrics: Metrics,
    tracing: Tracing | None = None,
) -> ASGIApp:
    """Return the application over `store`; the first of `signing_keys` signs."""
    return Observed(
        Bounded(routed(store, signing_keys=signing_keys, lifecycle=lifecycle, metrics=metrics)),
        pod_name=pod_name,
        metrics=metrics,
        lifecycle=lifecycle,
        tracing=tracing or Tracing(),
    )


def routed(
    store: Store, *, signing_keys: Sequence[str], lifecycle: Lifecycle, metrics: Metrics
) -> FastAPI:
    """Return all routes over `store`, without what every request passes before."""
    app = Application(
        title="Checkout",
        version=VERSION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    api.install(app, Checkouts(store, metrics), Cursors(*(key.encode() for key in signing_keys)))
    health.install(app, store, lifecycle, metrics)
    problems.install(app)
    return app
