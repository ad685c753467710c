"""The program that connects from a pod to targets, once or again and again, and prints JSON lines.

The Python of the pod's image (3.10 or later) runs it, so it uses the standard library alone.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

REACHED = "reached"
_PAUSE_SECONDS = 0.5
# A question for the root's name servers (RFC 1035, section 4), which every name server answers.
_DNS_QUERY = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x00\x00\x02\x00\x01"


def connect(protocol: str, host: str, port: int, seconds: float) -> str:
    """Return `REACHED` or the error: TCP has to connect, and UDP to answer a query for a name."""
    try:
        if protocol == "tcp":
            socket.create_connection((host, port), seconds).close()
            return REACHED
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as line:
            line.settimeout(seconds)
            line.connect((host, port))
            line.send(_DNS_QUERY)
            line.recv(512)
            return REACHED
    except OSError as error:
        return f"{type(error).__name__}: {error}"


class KeptConnection:
    """An HTTP connection that is opened once, and never again."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        """Open it; what goes wrong is told when it is used."""
        self._line = http.client.HTTPConnection(host, port, timeout=seconds)
        self._error = ""
        try:
            self._line.connect()
        except OSError as error:
            self._error = f"{type(error).__name__}: {error}"
        self._line.auto_open = 0

    def use(self) -> str:
        """Return `REACHED` if a request on it was answered, whatever the answer; or the error."""
        if not self._error:
            try:
                self._line.request("GET", "/")
                self._line.getresponse().read()
                return REACHED
            except (OSError, http.client.HTTPException) as error:
                self._error = f"{type(error).__name__}: {error}"
                self._line.close()
        return self._error


def main(wanted: dict[str, Any]) -> None:
    """Print a line with the result of each target; with `watch`, again until the pod ends."""
    targets = [(str(each[0]), str(each[1]), int(each[2])) for each in wanted["targets"]]
    seconds, watch = float(wanted["seconds"]), bool(wanted["watch"])
    kept = KeptConnection(targets[0][1], targets[0][2], seconds) if watch else None
    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        while True:
            new = list(pool.map(lambda each: connect(each[0], each[1], each[2], seconds), targets))
            print(json.dumps({"new": new, "kept": kept.use() if kept else ""}), flush=True)
            if not watch:
                return
            time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
