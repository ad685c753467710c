from __future__ import annotations

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance.domains.observability import (
    LogEntry,
    LogEntryInspector,
    LogOperator,
    RequestEntries,
)
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.log_store import LogStore
from acceptance.domains.traffic import ServedRequest
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

STORE = MonitoringEndpoint("opensearch", "monitoring/opensearch", "/store")
REQUEST = ServedRequest("request-1", "backend-1")
LINE = {"level": "info", "event": "request", "request_id": "request-1"}
TRACE = "Traceback (most recent call last):\n  File\nValueError: the last line of the trace"


class Searched:
    """A cluster whose log store gives one answer, and which notes what it was asked."""

    def __init__(self, answer: object, status: int = 200) -> None:
        """Answer with a status and this JSON."""
        self._answer, self._status = answer, status
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []

    def send(
        self, method: str, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str]
    ) -> Reply:
        """Note the request, and return the answer."""
        assert headers["Content-Type"] == "application/json"
        self.asked.append((method, path, body))
        return Reply(self._status, (), json.dumps(self._answer), 0.0, request=f"{method} {path}")


def store(cluster: Searched) -> LogStore:
    """The log store of that cluster."""
    return LogStore(cast("Any", cluster), STORE)


def inspector() -> LogEntryInspector:
    """An inspector that needs no cluster."""
    return LogEntryInspector(context_of(SYSTEM))


def message(text: str) -> LogEntry:
    """An entry with only a text."""
    return LogEntry({"message": text})


def test_entries_are_searched_by_field_and_never_by_a_text_in_the_address() -> None:
    """A proxy may log addresses: such a line would be found by the next search."""
    cluster = Searched({"hits": {"hits": [{"_source": {"pod": "a", "sequence": 3}}]}})
    found = store(cluster).entries(first=2, pod="a")
    assert found.refused == ""
    assert [each.sequence for each in found.entries] == [3]
    ((method, path, body),) = cluster.asked
    assert (method, path) == ("POST", "/store/logs-*/_search")
    assert body["query"]["bool"]["filter"] == [
        {"term": {"pod": "a"}},
        {"range": {"sequence": {"gte": 2}}},
    ]


@pytest.mark.parametrize("answer", [{}, {"hits": None}, [], {"error": "no"}])
def test_an_answer_of_another_shape_is_none(answer: object) -> None:
    """It is told as refused, not as a store without entries."""
    assert store(Searched(answer)).entries(pod="a").refused.startswith("POST /store")
    assert store(Searched(answer)).doubled(pod="a") is None


def test_a_refused_search_says_what_the_store_answered() -> None:
    """The status is a part of it."""
    assert "HTTP 503" in store(Searched({}, 503)).entries(pod="a").refused


def test_numbers_of_several_entries_are_doubled() -> None:
    """The store counts the entries of each number."""
    buckets = [{"key": 9, "doc_count": 2}, {"key": 4, "doc_count": 3}]
    cluster = Searched({"aggregations": {"numbers": {"buckets": buckets}}})
    assert store(cluster).doubled(pod="a") == (4, 9)
    assert cluster.asked[0][2]["aggs"]["numbers"]["terms"]["min_doc_count"] == 2


def test_a_request_with_its_fields_passes() -> None:
    """The pod's name is from the answer, the fields are from the pod's own line."""
    entry = LogEntry({"namespace": SYSTEM.namespace, "pod": "backend-1", **LINE})
    inspector().assert_request_entry(RequestEntries(REQUEST, LINE, (entry,)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pod": "backend-2"}, "its pod is 'backend-2' and should be 'backend-1'"),
        ({"level": "error"}, "its level is 'error' and should be 'info'"),
        ({"event": ""}, "its event is '' and should be 'request'"),
        ({"namespace": "other"}, "its namespace is 'other'"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, str], said: str) -> None:
    """Each field by which somebody searches has to be right."""
    fields = {"namespace": SYSTEM.namespace, "pod": "backend-1", **LINE, **changes}
    found = RequestEntries(REQUEST, LINE, (LogEntry(fields),))
    with pytest.raises(AssertionError, match=said):
        inspector().assert_request_entry(found)


@pytest.mark.parametrize(("count", "said"), [(0, "has no entry"), (2, "has 2 entries of one")])
def test_a_request_has_one_entry(count: int, said: str) -> None:
    """None is lost, and two are too many."""
    entries = (LogEntry({"pod": "backend-1", **LINE}),) * count
    with pytest.raises(AssertionError, match=said):
        inspector().assert_request_entry(RequestEntries(REQUEST, LINE, entries))


def test_whole_entries_pass() -> None:
    """A line, a long line and a stack trace are three entries."""
    long = "long " + "0" * 50_000
    inspector().assert_whole_entries((message("before"), message(long), message(TRACE)))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "has no entry of the pod"),
        (["before", "long", *TRACE.splitlines()], "What is 3 entries for its pod is 5"),
        (["before", "long 012", TRACE], "The long line is not whole: 8 characters"),
        (["before", "long " + "0" * 50_000, TRACE[:40]], "The stack trace is not one entry"),
    ],
)
def test_an_entry_that_is_not_whole_is_named(texts: list[str], said: str) -> None:
    """Half a stack trace does not say what happened."""
    with pytest.raises(AssertionError, match=said):
        inspector().assert_whole_entries(tuple(map(message, texts)))


def test_without_a_log_shipper_nothing_is_known() -> None:
    """What is not there cannot be killed."""
    cluster = MonitoredCluster([pod("backend")], {})
    actor = LogOperator(context_of(SYSTEM, cluster, timeouts=Timeouts(recovery=0.01)))
    with pytest.raises(Unverifiable, match="No log shipper is deployed"):
        actor.write_lines_and_kill_shipper()


@pytest.mark.parametrize(
    ("phase", "last", "known"),
    [
        ("Succeeded", "", True),
        ("Failed", '{"sequence": 99}', True),
        ("Failed", "", False),
        ("Failed", '{"sequence": 98}', False),
    ],
)
def test_a_log_that_was_rotated_after_its_last_line_was_written(
    phase: str, last: str, known: bool
) -> None:
    """The program has ended well, so it has written all; what is left of the log says nothing."""
    writer: Any = SimpleNamespace(name="w", phase=lambda: phase, last_of_log=lambda _: last)
    expected = nullcontext() if known else pytest.raises(Unverifiable, match="w did not write 100")
    with LogOperator(context_of(SYSTEM)) as actor, expected:
        actor._require_written(writer, 100)
