"""Starts schemathesis with one name resolved by us: NAME ADDRESS, then its own arguments.

It runs in the environment of tools/probes, where nothing of this project can be imported, and with
`python -P`: the modules beside it have names of the standard library's.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

from schemathesis.cli import schemathesis  # type: ignore[import-not-found,unused-ignore]

_RESOLVE = socket.getaddrinfo


def main() -> None:
    """Resolve the name, and hand the rest of the command line on."""
    name, address = sys.argv[1:3]
    sys.argv[1:3] = []

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 (as the socket module)
        return _RESOLVE(address if name and host == name else host, *rest, **more)

    socket.getaddrinfo = resolve
    schemathesis()


if __name__ == "__main__":
    main()
