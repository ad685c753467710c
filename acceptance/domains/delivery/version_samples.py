"""Asks the system again and again while it is deployed, and tells which version answered when."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.drivers.http import Reply

RATE, LANES = 50.0, 4
"""Requests in a second that each lane sends, if the machine lets it; and how many lanes."""
MOST = 40_000
"""Requests in all, which bounds a scenario that hangs."""
_CONTROL_RATE = 20.0
SLOW_SECONDS = 1.0
"""An answer of this very process that takes longer is the machine's trouble, not the system's."""


@dataclass(frozen=True)
class Sample:
    """One numbered request and its answer."""

    number: int
    began: float
    """By the monotonic clock, as `ended`."""
    ended: float
    reply: Reply

    @property
    def version(self) -> str:
        """The version that answered."""
        return version_of(self.reply.served_by)


@dataclass(frozen=True)
class Samples:
    """All requests, by their numbers, and what a server of this process answered meanwhile."""

    sent: int
    """How many numbers were given."""
    answered: tuple[Sample, ...]
    seconds: float
    control: tuple[float, ...]
    """Seconds of each request to a server of this process."""
    control_faults: int

    @property
    def rate(self) -> float:
        """Requests in a second."""
        return len(self.answered) / self.seconds if self.seconds else 0.0

    @property
    def trouble(self) -> str:
        """Say why the samples tell nothing about the system; empty if they do."""
        numbers = [each.number for each in self.answered]
        if sorted(numbers) != list(range(1, self.sent + 1)):
            known = len(set(numbers))
            return f"{self.sent} requests were sent, and {known} are known to have ended."
        slow = sum(each > SLOW_SECONDS for each in self.control)
        if self.control_faults or slow or not self.control:
            return (
                f"Of {len(self.control)} requests to a server of this run itself, {slow} took "
                f"longer than {SLOW_SECONDS:g} s and {self.control_faults} failed, so the machine "
                "is in trouble."
            )
        return ""


def version_of(pod: str) -> str:
    """Return the version of a pod: its name without the pod's own part."""
    return pod.rpartition("-")[0]


class VersionSampler:
    """Sends numbered requests in several lanes until it is stopped."""

    def __init__(self, asks: Sequence[Callable[[], Reply]]) -> None:
        """Begin to ask; each lane has a way to ask of its own."""
        self._ended = threading.Event()
        self._numbers = count(1)
        self._sent = 0
        self._guard = threading.Lock()
        self._answered: list[Sample] = []
        self._control: list[float] = []
        self._control_faults = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Control)
        self._began = time.monotonic()
        targets: list[Callable[[], None]] = [partial(self._ask_steadily, ask) for ask in asks]
        targets += [self._ask_control, self._server.serve_forever]
        self._threads = [threading.Thread(target=each, daemon=True) for each in targets]
        for each in self._threads:
            each.start()

    def stop(self) -> Samples:
        """Stop when the requests that are under way have ended, and return all."""
        self._ended.set()
        for each in self._threads[:-1]:
            each.join()
        seconds = time.monotonic() - self._began
        self._server.shutdown()
        self._server.server_close()
        answered = tuple(sorted(self._answered, key=lambda each: each.ended))
        control = tuple(self._control)
        return Samples(self._sent, answered, seconds, control, self._control_faults)

    def _ask_steadily(self, ask: Callable[[], Reply]) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            with self._guard:
                number = self._sent = next(self._numbers)
            if number > MOST:
                with self._guard:
                    self._sent = MOST
                return
            began = time.monotonic()
            reply = ask()
            self._answered.append(Sample(number, began, time.monotonic(), reply))
            due = max(due + 1 / RATE, time.monotonic() - 1)
            self._ended.wait(max(0.0, due - time.monotonic()))

    def _ask_control(self) -> None:
        address = f"http://127.0.0.1:{self._server.server_port}/"
        with httpx.Client(trust_env=False, timeout=10 * SLOW_SECONDS) as client:
            while not self._ended.wait(1 / _CONTROL_RATE):
                began = time.monotonic()
                try:
                    self._control_faults += client.get(address).status_code != httpx.codes.OK
                except httpx.HTTPError:
                    self._control_faults += 1
                self._control.append(time.monotonic() - began)


class _Control(BaseHTTPRequestHandler):
    """Answers at once: what it does late, the machine does late."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(httpx.codes.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""
