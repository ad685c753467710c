"""Counts the requests in the audit log of the API server, as metrics for Prometheus.

Counted are refused requests (401 and 403) and requests for Secrets. The place in the log and the
counts are kept together in one file, so a container that was killed counts nothing twice.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

PORT = 9109
SERIES = 2000
"""The most series that are ever served."""
_FOR_OTHERS = 100
"""Of these, the series that are left for what comes when the rest is used up."""
_LONGEST = 256  # characters of a label
_CHUNK = 1 << 20  # bytes that are read at a time; no line is longer
_PAUSE_SECONDS = 0.5
_CLIENT_SECONDS = 5.0
_UNAUTHENTICATED, _FORBIDDEN = 401, 403
_VERBS = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
_OTHER = "other"


class Labels(NamedTuple):
    """The labels of a series."""

    user: str
    verb: str
    resource: str
    namespace: str
    name: str
    code: str


_COARSEST = Labels(_OTHER, "", "", "", "", "")


def labels_of(event: Mapping[str, object]) -> Labels | None:
    """Return the labels of the series that counts an event of the log; None if none does."""
    status, user, target = (_part(event, key) for key in ("responseStatus", "user", "objectRef"))
    code, name, stage = status.get("code"), _text(user.get("username")), event.get("stage")
    # Who could not be authenticated is nobody, and the answer is the only stage of the request.
    unknown = code == _UNAUTHENTICATED and not name
    if not (stage == "ResponseComplete" or (unknown and stage == "ResponseStarted")):
        return None
    secret = target.get("resource") == "secrets" and not target.get("apiGroup")
    if not secret and code not in {_UNAUTHENTICATED, _FORBIDDEN}:
        return None
    return Labels(
        name or "unauthenticated",
        _text(event.get("verb")),
        _text(target.get("resource")),
        _text(target.get("namespace")),
        _text(target.get("name")) if secret else "",
        _text(code),
    )


@dataclass
class Counts:
    """What was counted: the lines of the log, and the requests by their labels."""

    requests: dict[Labels, int] = field(default_factory=dict)
    lines: int = 0
    invalid: int = 0

    def add_line(self, line: bytes) -> None:
        """Count one line of the log."""
        self.lines += 1
        try:
            event = json.loads(line)
            labels = labels_of(event) if isinstance(event, dict) else None
        except ValueError:
            self.invalid += 1
            return
        if labels is not None:
            self._add(labels)

    def _add(self, labels: Labels) -> None:
        rooms = (SERIES - _FOR_OTHERS, SERIES - 1, SERIES)
        for each, room in zip((labels, _coarse(labels), _COARSEST), rooms, strict=True):
            if each in self.requests or len(self.requests) < room:
                self.requests[each] = self.requests.get(each, 0) + 1
                return


def _coarse(labels: Labels) -> Labels:
    """Return the labels of a request for whose own series there is no room."""
    verb = labels.verb if labels.verb in _VERBS else ""
    resource = labels.resource if labels.resource == "secrets" else ""
    return Labels(_OTHER, verb, resource, "", "", labels.code)


@dataclass
class AuditLog:
    """The log, read from where the last reading ended, through rotations and truncations."""

    path: Path
    state: Path
    """The file that keeps the place in the log and the counts."""
    counts: Counts = field(default_factory=Counts)
    problem: str = ""
    """Why the log could not be read the last time; empty if it could."""
    _file: BinaryIO | None = None
    _offset: int = 0

    def read(self) -> None:
        """Count the lines that have come since the last time, and keep the place."""
        before = self._place()
        try:
            self._read()
            self.problem = ""
        except OSError as error:
            self.problem = str(error)
        if self._place() != before:
            self._keep()

    def behind(self) -> int:
        """Return the number of bytes at the end of the log that are not counted yet."""
        if self._file is None:
            return 0
        return max(0, os.fstat(self._file.fileno()).st_size - self._offset)

    def _read(self) -> None:
        if self._file is None:
            self._file = self._open_first()
        while True:
            current = self.path.stat()
            self._read_on(self._file)
            if _identity(current) == _identity(os.fstat(self._file.fileno())):
                return
            # The log was rotated. What came before that was read just now.
            opened = self.path.open("rb")
            self._file.close()
            self._file, self._offset = opened, 0

    def _open_first(self) -> BinaryIO:
        """Open the log at the kept place, or at its end where none is kept."""
        kept = self._kept()
        if kept is None:
            file = self.path.open("rb")
            self._offset = os.fstat(file.fileno()).st_size
            if not _ends_line(file, self._offset):
                self._offset = _begin_of_last_line(file, self._offset)
            return file
        *identity, offset = kept
        for path in (self.path, *self._rotated()):
            file = path.open("rb")
            if _identity(os.fstat(file.fileno())) == tuple(identity):
                # Another file can have got the same number.
                self._offset = offset if _ends_line(file, offset) else 0
                return file
            file.close()
        self._offset = 0  # that file is gone, so all that is there is new
        return self.path.open("rb")

    def _rotated(self) -> Iterator[Path]:
        """Yield the older files of the log, which the API server calls audit-TIME.log."""
        yield from self.path.parent.glob(f"{self.path.stem}-*{self.path.suffix}")

    def _read_on(self, file: BinaryIO) -> None:
        """Count the complete lines after the place; a line that is half written has to wait."""
        if os.fstat(file.fileno()).st_size < self._offset:
            self._offset = 0  # truncated, and written anew
        file.seek(self._offset)
        while chunk := file.read(_CHUNK):
            complete = chunk.rfind(b"\n") + 1
            if not complete and len(chunk) < _CHUNK:
                return
            # A line that is longer than any is skipped, in parts that are no JSON.
            used = complete or _CHUNK
            for line in filter(None, chunk[:used].split(b"\n")):
                self.counts.add_line(line)
            self._offset += used
            file.seek(self._offset)

    def _place(self) -> tuple[int, int, int] | None:
        """Return the file that is open, and the number of its bytes that are counted."""
        if self._file is None:
            return None
        return *_identity(os.fstat(self._file.fileno())), self._offset

    def _keep(self) -> None:
        counts = self.counts
        content = {
            "place": self._place(),
            "lines": counts.lines,
            "invalid": counts.invalid,
            "requests": list(counts.requests.items()),
        }
        new = self.state.with_suffix(".new")
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(self.state)

    def _kept(self) -> tuple[int, int, int] | None:
        """Take over the kept counts, and return the kept place; None if there is none."""
        if not self.state.exists():
            return None
        kept = json.loads(self.state.read_text(encoding="utf-8"))
        requests = {Labels(*labels): number for labels, number in kept["requests"]}
        self.counts = Counts(requests, kept["lines"], kept["invalid"])
        device, inode, offset = kept["place"]
        return device, inode, offset


class AuditMetrics:
    """What was counted, as metrics."""

    def __init__(self, log: AuditLog, lock: Lock) -> None:
        """Serve what `log` has counted; `lock` is held by whoever uses it."""
        self._log = log
        self._lock = lock

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        with self._lock:
            counts, behind, problem = self._log.counts, self._log.behind(), self._log.problem
            requests = CounterMetricFamily(
                "kubernetes_audit_events",
                "Refused requests, and requests for Secrets, in the audit log of the API server.",
                labels=Labels._fields,
            )
            for labels, number in counts.requests.items():
                requests.add_metric(labels, number)
            lines, invalid = counts.lines, counts.invalid
        yield requests
        yield CounterMetricFamily(
            "audit_log_lines_read", "Lines of the audit log that were read.", lines
        )
        yield CounterMetricFamily(
            "audit_log_lines_invalid", "Lines of the audit log that are no event.", invalid
        )
        yield GaugeMetricFamily(
            "audit_log_unread_bytes", "Bytes of the audit log that were not read yet.", behind
        )
        yield GaugeMetricFamily(
            "audit_log_unreadable", "Whether the audit log cannot be read.", int(bool(problem))
        )


def serve(log: AuditLog, lock: Lock, port: int = PORT) -> ThreadingHTTPServer:
    """Return the server of /metrics and /healthz, which answers from now on."""
    registry = CollectorRegistry()
    registry.register(AuditMetrics(log, lock))

    class Handler(BaseHTTPRequestHandler):
        timeout = _CLIENT_SECONDS

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif self.path == "/healthz":
                said = log.problem or "ok"
                self._answer(503 if log.problem else 200, f"{said}\n".encode(), "text/plain")
            else:
                self._answer(404, b"metrics are at /metrics\n", "text/plain")

        def _answer(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: scrapes and probes come all the time."""

    server = ThreadingHTTPServer(("", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    """Count until the process is ended: exporter.py LOG STATE."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log, lock = AuditLog(Path(sys.argv[1]), Path(sys.argv[2])), Lock()
    said = ""
    with lock:
        log.read()
    serve(log, lock)
    while True:
        if log.problem != said:
            said = log.problem
            print(f"The audit log cannot be read: {said}" if said else "Reading", flush=True)
        time.sleep(_PAUSE_SECONDS)
        with lock:
            log.read()


def _part(event: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = event.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)[:_LONGEST]


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _ends_line(file: BinaryIO, offset: int) -> bool:
    """Whether a line of the file ends at this place."""
    if offset == 0:
        return True
    file.seek(offset - 1)
    return file.read(1) == b"\n"


def _begin_of_last_line(file: BinaryIO, offset: int) -> int:
    """Return where the line begins that is half written at this place."""
    begin = max(0, offset - _CHUNK)
    file.seek(begin)
    return begin + file.read(offset - begin).rfind(b"\n") + 1


if __name__ == "__main__":
    main()
