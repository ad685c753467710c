"""Runs the service: `python -m checkout_backend`, configured by the environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from checkout_backend import signals

if __name__ == "__main__":
    signals.end_when_told()  # before all that takes long to import

from checkout_backend import logs, tracing
from checkout_backend.app import VERSION, build
from checkout_backend.config import BadConfiguration, load
from checkout_backend.lifecycle import Lifecycle
from checkout_backend.metrics import Metrics, NoMetrics
from checkout_backend.postgres import PostgresStore
from checkout_backend.server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping


def main(env: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    try:
        config = load(env)
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return 1
    logs.configure(config.log_level, config.secrets)
    lifecycle = Lifecycle()
    traces = tracing.connect(config.traces_endpoint, version=VERSION, pod_name=config.pod_name)
    store = PostgresStore(config.database, config.pool_size, traces.tracer)
    app = build(
        store,
        signing_keys=config.signing_keys,
        pod_name=config.pod_name,
        lifecycle=lifecycle,
        metrics=Metrics(store.pool.get_stats) if config.metrics else NoMetrics(),
        tracing=traces,
    )
    store.open()
    try:
        Server(
            app,
            port=config.listen_port,
            lifecycle=lifecycle,
            drain_seconds=config.drain_seconds,
        ).run()
    finally:
        store.close()
        traces.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
