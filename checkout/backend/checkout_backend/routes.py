"""Prints every route of the service, documented or not: `python -m checkout_backend.routes`.

One JSON document on one line: a list of pairs, of a method and a path.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from starlette.routing import Mount, Route, WebSocketRoute

from checkout_backend.app import routed
from checkout_backend.config import BadConfiguration, load
from checkout_backend.lifecycle import Lifecycle
from checkout_backend.metrics import NoMetrics
from checkout_backend.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.routing import BaseRoute


def listed(routes: Sequence[BaseRoute], folder: str = "") -> Iterator[tuple[str, str]]:
    """Yield the method and the path of each route; ANY where it takes every method."""
    for each in routes:
        if isinstance(each, Mount) and each.routes:
            yield from listed(each.routes, folder + each.path)
        elif isinstance(each, Route):
            for method in sorted(each.methods or {"ANY"}):
                yield method, folder + each.path
        elif isinstance(each, Mount | WebSocketRoute):
            yield "ANY", folder + each.path
        else:
            yield "ANY", f"{folder}/ ({type(each).__name__})"


def main(env: Mapping[str, str]) -> int:
    """Print the routes that the service has with this environment; return the exit code."""
    try:
        config = load(env)
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return 1
    app = routed(
        PostgresStore(config.database, config.pool_size),
        signing_keys=config.signing_keys,
        lifecycle=Lifecycle(),
        metrics=NoMetrics(),
    )
    print(json.dumps(list(listed(app.routes))))
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
