"""Serves the application until it is told to stop, and then stops without losing a request."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

    from checkout_backend.lifecycle import Lifecycle

# Longer than a proxy keeps an idle connection (Traefik: 90 s): whoever closes first must not be
# us, or a request that is under way at that moment is lost.
_KEEP_ALIVE_SECONDS = 120
# What a request can take at most, with some reserve.
_FINISH_SECONDS = 10

_log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A server that, once told to stop, is unready first and stops a little later.

    Until then it serves on: the cluster needs a moment to send visitors elsewhere.
    """

    def __init__(
        self, app: ASGIApp, *, port: int, lifecycle: Lifecycle, drain_seconds: float
    ) -> None:
        """Serve `app` on all addresses of this host."""
        super().__init__(
            uvicorn.Config(
                app,
                host="0.0.0.0",  # noqa: S104 - a pod has one address, which is not known before
                port=port,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_FINISH_SECONDS,
            )
        )
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin to drain; a second signal ends that at once. The exit code stays 0."""
        if self._lifecycle.draining or not self.started:
            self.should_exit = True
            return
        self._lifecycle.draining = True
        _log.info("draining", extra={"fields": {"seconds": self._drain_seconds}})
        timer = threading.Timer(self._drain_seconds, self._stop)
        timer.daemon = True
        timer.start()

    def _stop(self) -> None:
        self.should_exit = True
