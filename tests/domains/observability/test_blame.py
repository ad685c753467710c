"""What the monitoring does not do is a failed check; what the cluster does not, is unverified."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pytest

from acceptance.domains.observability import (
    CriticalMetricsOperator,
    LogOperator,
    MetricsOperator,
)
from acceptance.domains.observability.alerts.cause import Cause, CauseMaker
from acceptance.domains.observability.alerts.causes import AlertCauses
from acceptance.domains.observability.alerts.follower import AlertFollower
from acceptance.domains.observability.alerts.incident_causes import IncidentCauses
from acceptance.domains.observability.alerts.sender import AlertSender
from acceptance.domains.observability.dashboards.traffic import DashboardReviewer
from acceptance.domains.observability.drivers.alert_receiver import AlertReceiver
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.observability.metrics.counting import TrafficCounter
from acceptance.domains.observability.metrics.scraped_pages import PageReader
from acceptance.domains.observability.stack.kept_alerts import AlertKeeper
from acceptance.domains.observability.stack.kept_measurements import MeasurementKeeper
from acceptance.domains.observability.stack.program_killer import ProgramKiller
from acceptance.domains.observability.traces.trace_store_impostor import TraceImpostorTester
from acceptance.drivers import container_signals
from acceptance.drivers.container_signals import signal_containers
from acceptance.drivers.kubernetes.client import Inaccessible, Refused
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Callable

Actor: TypeAlias = Any
"""Whose methods a test replaces."""
IMPATIENT = Timeouts(observation=0.01, recovery=0.01, request=0.01)
REFUSED = SimpleNamespace(query="up", refused="HTTP 503", samples=())
SILENT = SimpleNamespace(
    targets=lambda: SimpleNamespace(targets=()),
    total=lambda *_: REFUSED,
    total_increase=lambda *_: REFUSED,
    names_of=lambda _: REFUSED,
    of_target=lambda *_: REFUSED,
    now=lambda: 0.0,
)
"""A Prometheus that does not answer, and scrapes nothing."""


def silenced(**answers: object) -> SimpleNamespace:
    """An Alertmanager that silences."""
    return SimpleNamespace(silence=lambda *_: "id", end_silence=lambda _: None, **answers)


def kept(arrived: int, told: int) -> Callable[[Any], object]:
    """Send alerts of which so many arrive, and so many were silenced."""

    def send(actor: Actor) -> object:
        actor.alertmanager = silenced
        actor._post = lambda *_: None
        actor.arrived = lambda *_, **__: arrived
        actor._told = lambda *_: told
        actor.end = lambda *_: None
        return actor.send_alerts(None)

    return send


def deployed(actor: Actor) -> object:
    """Read dashboards through a Prometheus whose clock stands still."""
    actor._queries = lambda: SILENT
    actor._interval = lambda _: 0.0
    actor.prometheus = lambda: SILENT
    return actor._read_dashboards(None, None, SimpleNamespace(time=0.0))


def page(actor: Actor) -> object:
    """Compare a page with a Prometheus that does not answer."""
    actor._page_of = lambda _: ""
    return actor._page(SILENT, SimpleNamespace(job="a", instance="b"), None)


def first_lines(actor: Actor) -> object:
    """Have a log store that keeps none of the first lines."""
    writer = SimpleNamespace(write_numbers=lambda *_: None)
    actor._writer = lambda: writer
    actor._backend_image = lambda: "image"
    actor._find = lambda *_, **__: SimpleNamespace(missing=1)
    return actor.run_in()


def without_answer(actor: Actor) -> object:
    """Ask the API for its document, without an answer."""
    actor._until_success = lambda _: SimpleNamespace(json=lambda: None)
    actor._api = SimpleNamespace(openapi_document=None)
    return actor._known_traffic()


def without_table(actor: Actor) -> object:
    """Take rights to a table away that the database does not have."""
    actor._sql = lambda *_: ()
    return actor._refuse_tables(None, "")


def without_series(actor: Actor) -> object:
    """Note measurements that Prometheus does not have."""
    actor.prometheus = lambda: SILENT
    actor._ask = lambda _: (REFUSED,)
    return actor.note_measurements()


def without_metrics(actor: Actor) -> object:
    """Read the names of metrics that Prometheus does not tell."""
    actor.prometheus = lambda: SILENT
    return actor.read_metrics([["a", "head"]])


def without_targets(actor: Actor) -> object:
    """Kill programs while Prometheus scrapes nothing."""
    actor.prometheus = lambda: SILENT
    actor._rows = lambda _: ()
    return actor.kill_programs([], None)


def without_deployment(actor: Actor) -> object:
    """Release a backend that is not there."""
    actor._cluster = SimpleNamespace(read=lambda _: None)
    return actor._containers("backend")


def others(actor: Actor) -> object:
    """Ask a Prometheus that does not answer for the probes."""
    actor.prometheus = lambda: SILENT
    return actor._counted_of_others({}, (0.0, 1.0))


@pytest.mark.parametrize(
    ("kind", "act", "said"),
    [
        (TrafficCounter, lambda a: a._counters(SILENT), "Prometheus does not answer up: HTTP 503"),
        (TrafficCounter, lambda a: a._interval(SILENT), "Prometheus does not scrape the backend"),
        (TrafficCounter, without_answer, "The API does not describe its routes"),
        (DashboardReviewer, others, "Prometheus does not answer up"),
        (DashboardReviewer, deployed, "The clock of Prometheus does not go on"),
        (PageReader, page, "Prometheus does not answer: HTTP 503"),
        (CriticalMetricsOperator, without_metrics, "Prometheus does not name its metrics"),
        (MeasurementKeeper, without_series, "Prometheus has measured nothing for up"),
        (ProgramKiller, without_targets, "Prometheus scrapes nothing"),
        (LogOperator, first_lines, "The log store has not all of the first"),
        (AlertKeeper, kept(0, 0), "No alert arrives"),
        (AlertKeeper, kept(1, 1), "The silenced alert arrived before anything was killed"),
        (AlertCauses, without_table, "The database has no table checkouts"),
        (AlertCauses, lambda a: a._add_bystanders(None), "No database pod is ready"),
        (IncidentCauses, without_deployment, "There is no Deployment backend"),
        (
            AlertFollower,
            lambda a: a._limit(SimpleNamespace(alert="Gone"), {}),
            "Prometheus has no critical alert Gone",
        ),
        (TraceImpostorTester, lambda a: a._senders(), "No backend pod is ready"),
    ],
)
def test_what_the_system_does_not_do_is_a_failed_check(
    kind: type[Any], act: Callable[[Any], object], said: str
) -> None:
    """Also where it keeps the check itself from being made."""
    actor = kind(context_of(SYSTEM, MonitoredCluster([], {}), timeouts=IMPATIENT))
    with pytest.raises(AssertionError, match=said):
        act(actor)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Refused("Alertmanager does not take /api/v2/alerts"), AssertionError),
        (Inaccessible("no answer"), Unverifiable),
    ],
)
def test_an_alert_that_cannot_be_sent_is_blamed_on_who_prevents_it(
    error: Exception, kind: type[Exception]
) -> None:
    """Alertmanager that refuses, or a cluster that does not lead to it."""

    def refuse(*_: object) -> None:
        raise error

    sender: Any = AlertSender(context_of(SYSTEM))
    sender.alertmanager = lambda: SimpleNamespace(send=refuse)
    with pytest.raises(kind, match="No alert can be sent"):
        sender._post([], 1.0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SystemFailure("the database refuses"), AssertionError),
        (Refused("there is no Deployment"), AssertionError),
        (Inaccessible("no command can be run on the node"), Unverifiable),
        (EnvironmentFailure("there is no kubectl"), Unverifiable),
    ],
)
def test_a_cause_that_cannot_be_brought_about_is_blamed_on_who_prevents_it(
    error: Exception, kind: type[Exception]
) -> None:
    """A system that is broken already is unmet, a cluster without a way in is not."""

    def fail(_: Cause, __: str) -> None:
        raise error

    actor: Any = CauseMaker(context_of(SYSTEM))
    actor._causes = lambda: {"it breaks": fail}
    with pytest.raises(kind, match="It cannot be brought about that it breaks"):
        actor.cause("it breaks", SimpleNamespace(namespace="a"))


def test_no_way_into_the_node_is_the_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no command can be run, or none that ends; a container that is not there is another."""
    with pytest.raises(Inaccessible, match="no command can be run"):
        signal_containers(SYSTEM, ["a"], "KILL", timeout=1)
    inside: Any = SimpleNamespace(inside=("false",))
    with pytest.raises(Refused, match="no container runs") as caught:
        signal_containers(inside, [], "KILL", timeout=1)
    assert not isinstance(caught.value, EnvironmentFailure)

    def fail(*_: object, **__: object) -> None:
        raise EnvironmentFailure("docker is not installed")

    monkeypatch.setattr(container_signals, "run", fail)
    with pytest.raises(Inaccessible, match="docker is not installed"):
        signal_containers(inside, ["a"], "KILL", timeout=1)


def test_a_name_that_is_taken_and_a_stack_that_is_not_deployed_are_no_fault() -> None:
    """The run's own pod of before, and a cluster for which the system has no such program."""
    cluster: Any = SimpleNamespace(
        create=lambda *_: None, patch=lambda *_: None, items=lambda *_, **__: []
    )
    with pytest.raises(Inaccessible, match="there is already a pod"):
        AlertReceiver(cluster, "somewhere").start("image", 1.0, {})
    with pytest.raises(Inaccessible, match="there are 0 workloads"):
        ProgramPods(cluster, ("loki",)).scale(0)


def test_metrics_that_are_not_served_are_a_failed_check() -> None:
    """The page of a target answers with an error."""
    cluster = SimpleNamespace(send=lambda *_: SimpleNamespace(succeeded=False))
    actor = cast("Any", MetricsOperator(context_of(SYSTEM, cluster)))
    target = SimpleNamespace(url="http://a:80/metrics", label=lambda _: "a-1")
    with pytest.raises(AssertionError, match="cannot be read"):
        actor._page_of(target)
