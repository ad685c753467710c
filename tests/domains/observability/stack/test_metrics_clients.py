from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability import AskedProgram, MetricsClientTester
from acceptance.drivers.http import Reply
from acceptance.drivers.self_signed import self_signed
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    import ssl

    from acceptance.drivers.kubernetes.port_forward import PodPort

PAIR = self_signed("any")
KEY, CERTIFICATE = PAIR[: PAIR.index("-----BEGIN CERT")], PAIR[PAIR.index("-----BEGIN CERT") :]
SECRET = {"ca.crt": CERTIFICATE, "tls.crt": CERTIFICATE, "tls.key": KEY}
LABELS = {"app.kubernetes.io/name": "prometheus"}
SECRETS = ("prometheus-tls", "operator-client-tls", "prometheus-client-tls", "other")
ROWS = (
    ("client", "prometheus"),
    ("operator", "yes"),
    ("prometheus", "yes"),
    ("grafana", "yes"),
    ("nobody", "no"),
    ("nobody, unencrypted", "no"),
    ("prometheus, by another authority", "no"),
    ("a server", "no"),
)


def target(job: str, scheme: str, **labels: str) -> dict[str, Any]:
    """A target, as Prometheus returns it."""
    return {
        "labels": {"job": job, "instance": "i", **labels},
        "scrapePool": f"scrape-{job}",
        "scrapeUrl": f"{scheme}://10.0.0.1:9090/metrics",
        "health": "up",
        "scrapeInterval": "5s",
    }


OWN = target("prometheus", "https", namespace="monitoring", pod="it-1")


class Monitoring:
    """A cluster with one Prometheus, which answers every client that shows a certificate."""

    def __init__(
        self,
        *targets: dict[str, Any],
        port: str = "https",
        secrets: tuple[str, ...] = SECRETS,
        status: int = 200,
        late: bool = False,
    ) -> None:
        """Have these targets and Secrets, and answer with this status.

        With `late`, each answer has one target more than the last.
        """
        self._late, self.asked = late, 0
        self._targets, self._port, self._secrets = targets, port, secrets
        self._status = status

    def forwarded_http(self) -> Monitoring:
        """Return what sends requests to pods."""
        return self

    kept_http = forwarded_http

    def send(self, to: Any, method: str, *rest: Any, **options: Any) -> Reply:  # noqa: ANN401
        """Answer for the API server, or for the pod."""
        if isinstance(to, str):
            return Reply(200, (), json.dumps(self._service()), 0.0)
        assert method == "GET"
        return self._answer(to, rest[0], options.get("trust"))

    def _answer(self, to: PodPort, path: str, trust: ssl.SSLContext | None) -> Reply:
        assert to.host == "prometheus.monitoring.svc"
        if path.startswith("/api"):
            pools = [each["scrapePool"] for each in self._targets]
            self.asked += 1
            late = self._targets[: self.asked - 1] if self._late else self._targets
            found = {"data": {"activeTargets": late, "scrapePools": pools}}
            return Reply(200, (), json.dumps(found), 0.0)
        return Reply(400 if trust is None else self._status, (), "", 0.0)

    def _service(self) -> dict[str, Any]:
        port = {"name": self._port, "port": 9090, "targetPort": self._port}
        metadata = {"name": "prometheus", "namespace": "monitoring", "labels": LABELS}
        return {"metadata": metadata, "spec": {"selector": LABELS, "ports": [port]}}

    def items(self, path: str, **_: str) -> list[Any]:
        """Return the Service, the Secrets or the pod."""
        if path.endswith("/services"):
            return [self._service()]
        if path.endswith("/secrets"):
            return [{"metadata": {"name": each}} for each in self._secrets]
        status = {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "it", "imageID": "1", "state": {"running": {}}}],
        }
        ports = [{"name": "https", "containerPort": 9090}]
        metadata = {"name": "it-1", "namespace": "monitoring", "uid": "1", "labels": LABELS}
        container = {"name": "it", "image": "a", "ports": ports}
        return [{"metadata": metadata, "spec": {"containers": [container]}, "status": status}]

    def labels(self, _: str) -> dict[str, str]:
        """Return the labels of the pod."""
        return LABELS

    def read(self, path: str) -> dict[str, Any] | None:
        """Return a Secret."""
        if path.rsplit("/", 1)[1] not in self._secrets:
            return None
        return {"data": {k: base64.b64encode(v.encode()).decode() for k, v in SECRET.items()}}


def actor(cluster: Monitoring) -> MetricsClientTester:
    """The actor on that cluster."""
    untyped: Any = cluster
    return MetricsClientTester(context_of(system=SYSTEM, cluster=untyped))


def asked(client: str, answered: bool | None, program: str = "prometheus") -> AskedProgram:
    """What a program said to a client."""
    return AskedProgram(client, program, "it-1", answered, "HTTP 500")


def as_planned() -> dict[str, bool | None]:
    """What each client gets that has a certificate here."""
    return {who: word == "yes" for who, word in ROWS[1:] if who != "grafana"}


def test_everybody_asks_and_the_operator_is_the_last() -> None:
    """That the operator is answered says that the program still serves when it has refused."""
    found = actor(Monitoring(OWN)).ask_as_everybody()
    assert [(each.client, each.answered) for each in found] == [
        ("nobody", True),
        ("nobody, unencrypted", False),
        ("prometheus, by another authority", True),
        ("a server", True),
        ("prometheus", True),
        ("operator", True),
    ]


def test_an_answer_that_is_neither_is_told_as_such() -> None:
    """An error of the program is no refusal of a client."""
    found = actor(Monitoring(OWN, status=500)).ask_as_everybody()
    assert found[0].answered is None


def test_what_is_planned_passes() -> None:
    """A client without a certificate here is not missed."""
    found = tuple(asked(*each) for each in as_planned().items())
    actor(Monitoring()).assert_answered(found, ROWS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nobody": True}, "^prometheus answers nobody$"),
        ({"operator": False}, "prometheus does not answer operator"),
        ({"a server": None}, "prometheus neither answers nor refuses a server: HTTP 500"),
        ({"somebody": True}, "does not say whether prometheus answers somebody"),
    ],
)
def test_what_is_not_planned_is_told(change: dict[str, bool | None], said: str) -> None:
    """Who was answered, or was not, and by which program."""
    found = tuple(asked(*each) for each in {**as_planned(), **change}.items())
    with pytest.raises(AssertionError, match=said):
        actor(Monitoring()).assert_answered(found, ROWS)


def test_a_program_without_tls_and_a_client_that_was_not_tried_are_told() -> None:
    """What was not tried proves nothing."""
    found = tuple(asked(*each, program="node") for each in as_planned().items())
    with pytest.raises(AssertionError, match="does not scrape with TLS: prometheus"):
        actor(Monitoring()).assert_answered(found, ROWS)
    with pytest.raises(AssertionError, match="Not tried: a server; nobody"):
        actor(Monitoring()).assert_answered((asked("operator", answered=True),), ROWS)


def test_the_programs_that_are_asked_are_those_scraped_with_tls() -> None:
    """A node is asked by the kubelet's own way, and a probe is not about its prober."""
    plain = target("backend", "http", namespace="checkout", pod="b-1")
    node = target("kubelet", "https", node="one")
    probe = target("endpoints", "https", namespace="checkout", pod="b-1")
    actor(Monitoring(OWN, plain, node, probe)).require_programs()
    with pytest.raises(AssertionError, match="scrapes no program with TLS"):
        actor(Monitoring(plain, node, probe)).require_programs()


def test_a_prometheus_without_tls_is_a_fault() -> None:
    """It knows nobody."""
    with pytest.raises(AssertionError, match="serves plain HTTP"):
        actor(Monitoring(OWN, port="http")).require_programs()


def test_a_certificate_that_is_not_there_is_a_failed_check() -> None:
    """The scenario cannot ask as a server, because the system has not given it a certificate."""
    without = Monitoring(OWN, secrets=("operator-client-tls",))
    with pytest.raises(AssertionError, match="prometheus-tls has no"):
        actor(without).ask_as_everybody()


def test_a_target_that_is_found_late_is_waited_for() -> None:
    """Its pod may have just started."""
    node = target("node", "https", namespace="monitoring", pod="n-1")
    monitoring = Monitoring(OWN, node, late=True)
    actor(monitoring).require_programs()
    assert monitoring.asked == 4  # the pools, one target, both, and both again
