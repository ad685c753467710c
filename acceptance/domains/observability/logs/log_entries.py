"""Checks that a log entry is whole, and says from which pod it is and what the pod wrote."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.log_writer import ENDED, LONG_LINE
from acceptance.domains.observability.logs.actor import LogOperator, Pace
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.log_store import LogEntry
    from acceptance.domains.traffic import ServedRequest

_TAKEN_OVER = ("level", "logger", "event", "request_id", "trace_id")
"""The fields of a line of JSON by which its entry can be found."""
_WRITTEN_ENTRIES = 3
_LAST_LINES = 2000


@dataclass(frozen=True)
class RequestEntries:
    """The entries of a request, and the line that the pod itself wrote of it."""

    request: ServedRequest
    line: dict[str, Any]
    entries: tuple[LogEntry, ...]


class LogEntryInspector(LogOperator):
    """Compares entries of the log store with what the pods wrote."""

    def find_request(self, request: ServedRequest) -> RequestEntries:
        """Find the entries of a request by its id.

        Raises `Unverifiable` if the pod that served it has no line of it in its own log.
        """
        line = self._own_line(request)

        def look() -> tuple[LogEntry, ...]:
            return tuple(
                entry
                for store in self._stores()
                for entry in store.entries(request_id=request.id).entries
            )

        found = last_seen(look, bool, timeout=self._timeouts.observation, wake=Pace())
        result = RequestEntries(request, line, found)
        self._keep("The request in the log store", pretty(asdict(result)))
        return result

    def assert_request_entry(self, found: RequestEntries) -> None:
        """There is one entry: of the pod that served the request, with the fields of its line."""
        request, entries = found.request, found.entries
        require(entries, f"The log store has no entry of the request {request.id}.")
        require(len(entries) == 1, f"The log store has {len(entries)} entries of one request.")
        expected = {"namespace": self.system.namespace, "pod": request.pod}
        expected |= {name: str(found.line[name]) for name in _TAKEN_OVER if found.line.get(name)}
        faults = [
            f"its {name} is {entries[0][name]!r} and should be {value!r}"
            for name, value in expected.items()
            if entries[0][name] != value
        ]
        require(not faults, f"The entry of the request is wrong: {listed(faults)}.")

    def write_trace(self) -> tuple[LogEntry, ...]:
        """Have a pod write a line, a long line and a stack trace, and return its entries."""
        writer = self._writer()
        writer.write_trace(self._backend_image(), self._labels)
        self._await(lambda: writer.phase() in ENDED, "the pod has written its lines")
        if "the last line of the trace" not in writer.last_of_log(1):
            raise Unverifiable(f"The last line of {writer.name} is not that of its stack trace.")

        found = last_seen(
            lambda: self._entries(writer.name),
            lambda entries: any("the last line" in each["message"] for each in entries),
            timeout=self._timeouts.observation,
            wake=Pace(),
        )
        shown = [(each["stream"], each["message"][:300]) for each in found]
        self._keep("The entries of the pod", pretty(shown))
        return found

    def assert_whole_entries(self, entries: tuple[LogEntry, ...]) -> None:
        """A line, a long line and a stack trace are one entry each, and nothing of them is lost."""
        messages = [each["message"] for each in entries]
        require(messages, "The log store has no entry of the pod.")
        require(
            len(messages) == _WRITTEN_ENTRIES,
            f"What is {_WRITTEN_ENTRIES} entries for its pod is {len(messages)} in the log store.",
        )
        long = [each for each in messages if each.startswith("long ")]
        require(
            long and len(long[0]) >= LONG_LINE,
            f"The long line is not whole: {len(long[0]) if long else 0} characters of {LONG_LINE}.",
        )
        traces = [each for each in messages if each.startswith("Traceback")]
        require(
            traces and traces[0].endswith("the last line of the trace"),
            "The stack trace is not one entry from its first line to its last.",
        )

    def _own_line(self, request: ServedRequest) -> dict[str, Any]:
        """Return what the pod itself wrote of the request."""
        namespace = self.system.namespace
        container = self._main_container(self.system.workloads.backend, request.pod)
        found: dict[str, Any] = {}

        def look() -> bool:
            text = self._cluster.log(namespace, request.pod, container, lines=_LAST_LINES) or ""
            for line in text.splitlines():
                if request.id in line and line.startswith("{"):
                    found.update(json.loads(line))
            return bool(found)

        self._await(look, f"{request.pod} has a line of the request in its own log")
        return found
