from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance.domains.observability import NumberedLines, TroubledLines, TroubledLogOperator
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.log_store import LogStore
from acceptance.domains.observability.visitor_waits import Waits
from acceptance.drivers.http import Reply, TrafficFacts
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import Unverifiable
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

STORE = MonitoringEndpoint("opensearch", "monitoring/opensearch", "/store")
FOUND = TroubledLines(
    NumberedLines("pod-1", 3),
    Waits(30, ((0.5, 0.01), (0.95, 0.02))),
    Waits(30, ((0.5, 0.3), (0.95, 0.9))),
)


class Disk:
    """A cluster whose log store closes its index when it takes its disk for full."""

    def __init__(self, status: int = 200) -> None:
        """Answer every request with this status."""
        self.status = status
        self.settings: dict[str, str | None] = {}

    def send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **_: object
    ) -> Reply:
        """Take settings, or tell whether the index is closed."""
        if method == "PUT" and body:
            self.settings.update(body["transient"])
            return Reply(self.status, (), "{}", 0.0, request=f"{method} {path}")
        full = self.settings.get("cluster.routing.allocation.disk.watermark.flood_stage")
        block = {"index": {"blocks": {"read_only_allow_delete": "true"}}} if full else {}
        answer = json.dumps({"logs-2026.01.01": {"settings": block}})
        return Reply(self.status, (), answer, 0.0, request=f"{method} {path}")


class Traffic:
    """Visitors: as many before the trouble as have to be, and some meanwhile."""

    count = 25

    def stop(self) -> TrafficFacts:
        """Return what they waited: meanwhile longer than before."""
        waited = [0.01] * 25 + [2.0] * 10
        return TrafficFacts(tuple(Reply(200, (), "", each) for each in waited), 1.0)


def operator() -> TroubledLogOperator:
    """An operator that needs no cluster."""
    return TroubledLogOperator(context_of(SYSTEM))


def test_a_store_that_takes_its_disk_for_full_takes_no_lines() -> None:
    """It takes them again when it sees the disk as it is; it looks often enough for a scenario."""
    disk = Disk()
    store = LogStore(cast("Any", disk), STORE)
    seen = [store.takes_lines()]
    store.pretend_full_disk()
    assert [*seen, store.takes_lines()] == [True, False]
    interval = "cluster.info.update.interval"
    marks = [float(str(each)[:-1]) for name, each in disk.settings.items() if "watermark" in name]
    assert marks == sorted(set(marks))
    store.end_full_disk()
    intervals = [disk.settings[interval]]
    store.forget_disk()
    assert [*intervals, disk.settings[interval]] == ["10s", None]
    assert "cluster.routing.allocation.disk.watermark.*" in disk.settings


def test_a_store_that_does_not_answer_is_not_a_full_one() -> None:
    """Whether it takes lines is unknown, and a setting is refused with its answer."""
    store = LogStore(cast("Any", Disk(503)), STORE)
    assert store.takes_lines() is None
    with pytest.raises(Refused, match=r"does not take a setting: .*503"):
        store.pretend_full_disk()


def test_visitors_meanwhile_are_told_from_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trouble begins when enough have come to compare with."""
    tester = operator()

    @contextmanager
    def trouble() -> Iterator[bool]:
        yield True

    lines = NumberedLines("pod-1", 0)
    monkeypatch.setattr(tester, "_flood", trouble)
    monkeypatch.setattr(tester, "_write", lambda: None)
    monkeypatch.setattr(tester, "_find", lambda *_, **__: lines)
    found = tester.write_lines_during("another pod floods the log", cast("Any", Traffic()))
    assert (found.before.visitors, found.meanwhile.visitors) == (25, 10)
    with pytest.raises(AssertionError, match=r"Meanwhile 50% .* up to 2\.00 s, and 0\.01 s before"):
        tester.assert_nobody_waited(found)


def test_a_trouble_that_cannot_be_made_is_unverified() -> None:
    """What is not there cannot be away, and a trouble without a name is a mistake."""
    cluster = MonitoredCluster([pod("backend")], {})
    tester = TroubledLogOperator(context_of(SYSTEM, cluster))
    for trouble in ("the log store is slow", "the log store is away for 30 seconds"):
        with pytest.raises(Unverifiable, match=f"cannot be brought about that {trouble}"):
            tester.write_lines_during(trouble, cast("Any", Traffic()))
    with pytest.raises(AssertionError, match="Nothing makes this trouble: rain"):
        tester.write_lines_during("rain", cast("Any", Traffic()))


def test_who_waits_as_before_does_not_wait_for_the_log() -> None:
    """Few visitors prove nothing."""
    tester = operator()
    tester.assert_nobody_waited(FOUND)
    with pytest.raises(Unverifiable, match="Hardly a visitor"):
        tester.assert_nobody_waited(replace(FOUND, before=Waits(3, FOUND.before.seconds)))
    with pytest.raises(Unverifiable, match="or none meanwhile"):
        tester.assert_nobody_waited(replace(FOUND, meanwhile=Waits(0, FOUND.meanwhile.seconds)))
