"""Pods that write a log on purpose: numbered lines, or what is hard to ship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import CONTAINER, hardened_pod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

SUCCEEDED = "Succeeded"
"""The phase of a pod whose program has done all that it had to."""
ENDED = (SUCCEEDED, "Failed")
"""The phases of a pod that writes no more."""
_NUMBERED = """
import json, sys, time
count, rate, padding = map(int, sys.argv[1:])
begun = time.time()
for number in range(count):
    time.sleep(max(0, begun + number / rate - time.time()))
    line = {"written": time.time(), "level": "info", "event": "numbered", "sequence": number}
    print(json.dumps({**line, "padding": "x" * padding}), flush=True)
"""
BROKEN_LINE = "broken off in the mid"
"""What a pod that dies in the middle of a line has written of it."""
_BROKEN_OFF = f"""
import json, os, sys
count = int(sys.argv[1])
for number in range(count):
    line = {{"level": "info", "event": "numbered", "sequence": number}}
    print(json.dumps(line), flush=True)
os.write(1, b"{BROKEN_LINE}")
os._exit(1)
"""
LONG_LINE = 40_000
"""The length of a line that the container runtime splits, in characters."""
_TRACE = f"""
import time
print("before", flush=True)
print("long " + "0123456789" * {(LONG_LINE - 5) // 10 + 1}, flush=True)
time.sleep(1)  # the trace goes by another stream, which may overtake the long line
def second(): raise ValueError("the last line of the trace")
def first(): second()
first()
"""


class LogWriter:
    """A pod in the namespace of the system that writes a log; its name is in no other log."""

    def __init__(self, cluster: Kubernetes, namespace: str, name: str) -> None:
        """Control the pod `name`, which need not be there yet."""
        self._cluster = cluster
        self._namespace = namespace
        self.name = name
        self._path = api_path("pods", namespace, name)

    def write_numbers(
        self, image: str, count: int, rate: int, padding: int, labels: Mapping[str, str]
    ) -> None:
        """Write `count` lines, `rate` each second, with `padding` characters each."""
        self._start(image, _NUMBERED, (count, rate, padding), labels)

    def break_off(self, image: str, count: int, labels: Mapping[str, str]) -> None:
        """Write `count` lines and a part of one, and die."""
        self._start(image, _BROKEN_OFF, (count,), labels)

    def write_trace(self, image: str, labels: Mapping[str, str]) -> None:
        """Write a line, a long line and a stack trace."""
        self._start(image, _TRACE, (), labels)

    def phase(self) -> str:
        """Return the phase of the pod; empty if it is not there."""
        found = self._cluster.read(self._path)
        return str(found["status"].get("phase", "")) if found else ""

    def first_of_log(self, characters: int) -> str:
        """Return the beginning of what is left of its log: a rotated file does not count."""
        query = {"container": CONTAINER, "limitBytes": str(characters)}
        reply = self._cluster.send("GET", f"{self._path}/log", query=query)
        return reply.text if reply.succeeded else ""

    def last_of_log(self, lines: int) -> str:
        """Return the last lines of its log."""
        return self._cluster.log(self._namespace, self.name, CONTAINER, lines=lines) or ""

    def delete(self) -> None:
        """Remove the pod."""
        self._cluster.delete(self._path, grace=0)

    def _start(
        self, image: str, program: str, arguments: tuple[int, ...], labels: Mapping[str, str]
    ) -> None:
        command = ["python", "-c", program, *map(str, arguments)]
        body: dict[str, Any] = hardened_pod(self.name, image, command, labels=labels)
        if self._cluster.create(api_path("pods", self._namespace), body) is None:
            raise Inaccessible(f"there is already a pod {self.name}")
