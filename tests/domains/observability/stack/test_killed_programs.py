from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from acceptance.domains.observability import KilledPrograms, ProgramKiller
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.prometheus import Prometheus, SeriesHistory
from acceptance.domains.observability.stack.killed_programs import (
    KilledPod,
    KilledProgram,
    KillRow,
    with_scrapes,
)
from acceptance.domains.observability.stack.program_killer import _Killed
from acceptance.drivers import container_signals
from acceptance.drivers.container_signals import (
    container_ids,
    kill_containers,
)
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import Unverifiable
from acceptance.process import Completed
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

HEAD = ("program", "what is killed", "what must not be lost")
ROW = KillRow("jaeger", "its pod", "visitors' time, later traces")
POD = KilledPod("monitoring", "jaeger-2", 100.0, (("traces", 105.0),))
PROGRAM = KilledProgram(ROW, 95.0, 1, (10, 50), 4.0, ("traces",), (POD,))
KILLED = KilledPrograms((PROGRAM,), 5.0)
ALL = (
    "jaeger",
    "prometheus",
    "alertmanager",
    "rsyslog",
    "opensearch",
    "audit-exporter",
    "node-exporter",
    "blackbox-exporter",
)


@pytest.fixture
def killer() -> ProgramKiller:
    """An operator of a cluster in which nothing is."""
    return ProgramKiller(context_of(SYSTEM, MonitoredCluster([], {})))


def history(*results: tuple[float, float], name: str = "jaeger-2") -> SeriesHistory:
    """When Jaeger's pod was scraped."""
    labels = (("job", "traces"), ("namespace", "monitoring"), ("pod", name))
    return SeriesHistory(labels, results)


def rows(*programs: str, keeps: str = "nothing") -> list[tuple[str, ...]]:
    """A table of programs whose pods are killed."""
    return [HEAD, *((each, "its pod", keeps) for each in programs)]


def started(identity: str, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 (any part of a status)
    """A pod of Jaeger whose container has this id."""
    found = pod("jaeger")
    status = {**found["status"]["containerStatuses"][0], "containerID": f"containerd://{identity}"}
    status["state"] = {"running": {"startedAt": "2026-11-29T12:00:00Z"}}
    found["status"]["containerStatuses"] = [status]
    found["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-29T12:00:03Z"
    found["status"].update(changed)
    return found


def test_what_is_scraped_again_in_time_passes(killer: ProgramKiller) -> None:
    """Three intervals and a second are allowed, because Kubernetes tells whole seconds."""
    killer.assert_scraped_again(KILLED)
    late = replace(PROGRAM, pods=(replace(POD, scraped=(("traces", 116.0),)),))
    killer.assert_scraped_again(KilledPrograms((late,), 5.0))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (116.1, "traces scraped jaeger-2 16.1 s after it was ready again, which is more"),
        (None, "traces has not scraped jaeger-2 since jaeger was killed"),
    ],
)
def test_what_is_scraped_late_or_never_is_named(
    killer: ProgramKiller, at: float | None, said: str
) -> None:
    """A program that Prometheus does not find again is not watched."""
    found = replace(PROGRAM, pods=(replace(POD, scraped=(("traces", at),)),))
    with pytest.raises(AssertionError, match=said):
        killer.assert_scraped_again(KilledPrograms((found,), 5.0))


def test_nothing_killed_is_a_failure(killer: ProgramKiller) -> None:
    """Neither no program nor only programs that were not scraped prove anything."""
    with pytest.raises(AssertionError, match="No program was killed"):
        killer.assert_scraped_again(KilledPrograms((), 5.0))
    unwatched = replace(PROGRAM, jobs=())
    with pytest.raises(AssertionError, match="scraped none of the programs that were killed"):
        killer.assert_scraped_again(KilledPrograms((unwatched,), 5.0))
    with pytest.raises(Unverifiable, match="No program was killed that keeps lines"):
        KILLED.keeping("lines")


def test_the_first_success_after_the_program_is_ready_counts() -> None:
    """A scrape of the time before, one that failed, and one of another pod do not."""
    scrapes = [
        history((99.0, 1), (103.0, 0), (108.0, 1), (113.0, 1)),
        history((101.0, 1), name="x"),
    ]
    (found,) = with_scrapes([PROGRAM], scrapes, 0.0)
    assert found.pods[0].scraped == (("traces", 108.0),)
    (found,) = with_scrapes([PROGRAM], scrapes, 110.0)
    assert (found.pods[0].ready, found.pods[0].scraped) == (110.0, (("traces", 113.0),))
    (found,) = with_scrapes([PROGRAM], [], 0.0)
    assert found.pods[0].scraped == (("traces", None),)


def test_every_program_of_the_repository_has_a_row(killer: ProgramKiller) -> None:
    """One that is left out is named, and one that this cluster does not have is left out."""
    found = killer._rows(rows(*ALL, "grafana or kibana", "database"))
    assert [each.program for each in found] == [*ALL, "database"]
    with pytest.raises(AssertionError, match="what is kept by Deployment monitoring/jaeger"):
        killer._rows(rows(*ALL[1:]))
    with pytest.raises(AssertionError, match="The table names no program"):
        killer._rows([HEAD])


def test_a_promise_that_nothing_checks_is_refused(killer: ProgramKiller) -> None:
    """The table promises only what a step proves."""
    with pytest.raises(AssertionError, match="Nothing checks that this is kept: dashboards"):
        killer._rows(rows(*ALL, keeps="dashboards"))
    with pytest.raises(AssertionError, match="not clear what is killed of jaeger"):
        killer._rows([HEAD, ("jaeger", "its memory", "nothing")])


def test_a_program_that_does_not_run_cannot_be_killed(killer: ProgramKiller) -> None:
    """Then nothing is known of what it keeps."""
    with pytest.raises(Unverifiable, match="jaeger does not run, so it cannot be killed"):
        killer._kill(ROW, cast("Any", None))


def test_a_row_says_what_is_killed() -> None:
    """A pod, or one container of it."""
    assert ROW.container == ""
    assert KillRow("database", "its container metrics", "nothing").container == "metrics"
    assert KillRow("a or b", "its pod", "nothing").programs == ("a", "b")


def test_only_a_new_container_is_back() -> None:
    """A pod that serves still with what was killed is not."""
    one = _Killed(ROW, [started("a1")], 1.0, 0)
    assert not one.replaced(started("a1"))
    assert one.replaced(started("b2"))
    assert not one.replaced(started("b2", conditions=[]))
    assert not one.replaced(pod("jaeger"))


class Pods:
    """A cluster with one pod of the database, which is replaced when it is deleted."""

    def __init__(self, restarts: int) -> None:
        """Say how often its container was started again."""
        self._restarts = restarts
        self.deleted: list[str] = []

    def items(self, path: str, **_: str) -> list[dict[str, Any]]:
        """The pod."""
        found = pod("database")
        if "checkout" not in path:
            return []
        found["status"]["containerStatuses"][0]["restartCount"] = self._restarts
        return [found]

    def delete(self, path: str) -> None:
        """Replace it."""
        self.deleted.append(path)
        self._restarts = 0


@pytest.mark.parametrize(("restarts", "replaced"), [(0, 0), (1, 0), (2, 1)])
def test_a_pod_whose_container_was_killed_twice_is_replaced(restarts: int, replaced: int) -> None:
    """Its next start would be late, and that would be nobody's fault."""
    cluster = Pods(restarts)
    killer = ProgramKiller(context_of(SYSTEM, cluster, timeouts=Timeouts(recovery=0.01)))
    killer._renew(KillRow("database", "its container database", "nothing"))
    assert len(cluster.deleted) == replaced


def test_times_are_those_of_the_pod_or_of_its_container() -> None:
    """A pod counts from when it was ready, a container from when it was started."""
    whole = _Killed(ROW, [started("a1")], 1.0, 0)
    part = _Killed(replace(ROW, killed="its container jaeger"), [started("a1")], 1.0, 0)
    for one in (whole, part):
        one.back = [started("b2")]
    assert whole.facts().pods[0].ready - part.facts().pods[0].ready == 3.0


def test_only_running_containers_have_processes() -> None:
    """The one with the name is chosen, or all."""
    found = started("a1")
    assert container_ids(found) == container_ids(found, "jaeger") == ("a1",)
    assert container_ids(found, "other") == ()
    found["status"]["containerStatuses"][0]["state"] = {"waiting": {}}
    assert container_ids(found) == ()


def test_what_cannot_be_killed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way into the node, no container, and no process of it."""
    with pytest.raises(Refused, match="no command can be run on the node"):
        kill_containers(SYSTEM, ["a1"], timeout=1)
    system = replace(SYSTEM, inside=("into",))
    with pytest.raises(Refused, match="no container runs"):
        kill_containers(system, [], timeout=1)
    asked: list[list[str]] = []
    answers = iter(("0\n", "2\n"))

    def run(command: list[str], **_: object) -> Completed:
        asked.append(command)
        return Completed(next(answers), "", 0.0)

    monkeypatch.setattr(container_signals, "run", run)
    with pytest.raises(Refused, match="no process of the container"):
        kill_containers(system, ["a1"], timeout=1)
    assert kill_containers(system, ["a1", "b2"], timeout=1) == 2
    assert asked[1][:3] == ["into", "sh", "-c"]
    assert asked[1][-3:] == ["KILL", "a1", "b2"]


def test_the_history_of_scrapes_is_read() -> None:
    """Times and results of each target; nothing of an answer that has another shape."""
    answer = {"metric": {"pod": "a", "job": "b"}, "values": [[1.5, "1"], [6.5, "0"]]}
    where = MonitoringEndpoint("prometheus", "monitoring/prometheus", "/it")
    cluster = MonitoredCluster([], {"/it": {"data": {"result": [answer]}}})
    (found,) = Prometheus(cast("Any", cluster), where).history("up", 60)
    assert found.results == ((1.5, 1.0), (6.5, 0.0))
    assert (found.label("pod"), found.label("node")) == ("a", "")
    other = MonitoredCluster([], {"/it": {"data": {"result": [{}]}}})
    assert Prometheus(cast("Any", other), where).history("up", 60) == ()
