"""Uses a version as visitors do: once, whole, before they come, and a little while they do."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from acceptance.drivers.http import Http, Reply
    from acceptance.waiting import Clock

    Check = Callable[["Visitor"], str]

SERVED_BY = "X-Served-By"
"""The header in which a part names the pod that answers."""
_OK, _CREATED = 200, 201
_ARRIVED, _PAUSE_SECONDS = 4, 0.1
"""So many answers in a row say that nobody else answers."""
_SLOW_SECONDS = 2.0
"""A request that takes longer is no better than one that fails."""
_ROUNDS = 4
"""How often the backend's test is repeated, so that requests reach more than one pod."""
_REMEMBERED, _MOST_FAULTS = 10, 3
"""So many of the last requests may not fail: one may be lost on its way."""
_CHECKOUTS = "/api/checkouts"
_ASSET = re.compile(r"""(?:src|href)="(?P<path>[^":#]+)\"""")


class Visitor:
    """Asks one part, by the host that leads to a version of it."""

    def __init__(self, http: Http, part: str, host: str) -> None:
        """Send requests for `part` with `http` to `host`.

        Raises `BrokenInput` for a part that has no smoke test.
        """
        if part not in _CHECKS:
            raise BrokenInput(f"There is no smoke test of {part}. Try: {', '.join(_CHECKS)}")
        self._http = http
        self.answered = False
        """Whether anything at all has answered."""
        self._check, self._path = _CHECKS[part]
        self._host = host
        self._faults: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def last(self) -> Reply | None:
        """The last answer, by whatever host."""
        return self._http.last

    def await_arrival(self, pods: Collection[str], timeout: float, clock: Clock) -> bool:
        """Return whether some answers in a row come from `pods` within `timeout` seconds.

        Whatever they answer: that they are reached is what is told.
        """
        ends = clock.now() + timeout
        met = 0
        while met < _ARRIVED and clock.now() < ends:
            reply = self.ask("GET", self._path)
            self.answered = self.answered or reply.status is not None
            met = met + 1 if reply.header(SERVED_BY) in pods else 0
            clock.pause(_PAUSE_SECONDS)
        return met >= _ARRIVED

    def ask(self, method: str, path: str, body: object = None) -> Reply:
        """Send a request, and return its answer."""
        return self._http.send(method, path, body=body, host=self._host)

    def smoke_test(self) -> str:
        """Do all that visitors do; say what fails, empty for nothing."""
        return self._check(self)

    def look(self) -> str:
        """Send one request more; say what is wrong once several of the last ones failed."""
        self._faults.append(fault_of(self.ask("GET", self._path), _OK))
        faults = [each for each in self._faults if each]
        if len(faults) < _MOST_FAULTS:
            return ""
        return f"{len(faults)} of the last {len(self._faults)} requests failed: {faults[-1]}"


def fault_of(reply: Reply, wanted: int) -> str:
    """Say what is wrong with an answer; empty for nothing."""
    if reply.status != wanted:
        return str(reply)
    if reply.seconds > _SLOW_SECONDS:
        return f"{reply.request} took {reply.seconds:.1f} s"
    return ""


def _test_backend(visitor: Visitor) -> str:
    """Begin checkouts, read and list them, and cancel them."""
    for number in range(_ROUNDS):
        customer = f"Smoke test {number}"
        created = visitor.ask("POST", _CHECKOUTS, {"customer": customer})
        found = created.json()
        if fault := fault_of(created, _CREATED):
            return fault
        where = f"{_CHECKOUTS}/{found['id'] if isinstance(found, dict) else ''}"
        read = visitor.ask("GET", where)
        if fault := fault_of(read, _OK):
            return fault
        if (read.json() or {}).get("customer") != customer:
            return f"GET {where} has another customer than {customer!r}"
        listed = visitor.ask("GET", f"{_CHECKOUTS}?limit=1")
        cancelled = visitor.ask("POST", f"{where}/cancellation")
        if fault := fault_of(listed, _OK) or fault_of(cancelled, _OK):
            return fault
    return ""


def _test_frontend(visitor: Visitor) -> str:
    """Load the page, and everything that it refers to."""
    page = visitor.ask("GET", "/")
    if fault := fault_of(page, _OK):
        return fault
    assets = [each["path"] for each in _ASSET.finditer(page.text)]
    if not assets:
        return "GET / refers to no script and no style"
    for path in assets:
        asset = visitor.ask("GET", urljoin("/", path))
        if fault := fault_of(asset, _OK):
            return fault
        if not asset.text:
            return f"GET {path} is empty"
    return ""


_CHECKS: dict[str, tuple[Check, str]] = {
    "backend": (_test_backend, f"{_CHECKOUTS}?limit=1"),
    "frontend": (_test_frontend, "/"),
}
