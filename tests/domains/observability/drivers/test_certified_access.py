from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability.drivers.alertmanager import Alertmanager
from acceptance.domains.observability.drivers.certified_access import OPERATOR, CertifiedAccess
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint, ask
from acceptance.domains.observability.drivers.prometheus import Prometheus
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.port_forward import PodPort
from acceptance.drivers.self_signed import self_signed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping


PAIR = self_signed("operator")
KEY, CERTIFICATE = PAIR[: PAIR.index("-----BEGIN CERT")], PAIR[PAIR.index("-----BEGIN CERT") :]
SECRET = {"ca.crt": CERTIFICATE, "tls.crt": CERTIFICATE, "tls.key": KEY}
AUTHORITIES = ("/api/v1/namespaces/monitoring/configmaps/database-metrics-authority",)
LABELS = {"app.kubernetes.io/name": "prometheus"}


def endpoint(program: str, *, secure: bool = True) -> MonitoringEndpoint:
    """A program of the monitoring."""
    return MonitoringEndpoint(program, f"monitoring/{program}", "/proxy", secure)


class Monitoring:
    """A cluster with one pod, and the requests that it and the API server have got."""

    def __init__(self, secret: Mapping[str, str] | None = None, *, ready: bool = True) -> None:
        """Have this Secret of the operator."""
        self._secret = SECRET if secret is None else secret
        self._ready = ready
        self.got: list[tuple[PodPort, str, str, Any, ssl.SSLContext | None]] = []
        self.proxied: list[str] = []

    def forwarded_http(self) -> Monitoring:
        """Return what sends requests to pods."""
        return self

    kept_http = forwarded_http

    def send(self, to: Any, method: str, *rest: Any, **options: Any) -> Reply:  # noqa: ANN401
        """Answer for the API server, or for the pod."""
        if isinstance(to, str):
            self.proxied.append(f"{to} {method}")
            port = {"name": "https", "port": 9090, "targetPort": "https"}
            spec = {"selector": LABELS, "ports": [port]}
            return Reply(200, (), json.dumps({"spec": spec}), 0.0)
        path, body = rest[0], rest[1] if len(rest) > 1 else None
        trust = options.get("trust")
        self.got.append((to, method, path, body, trust() if callable(trust) else trust))
        return Reply(200, (), json.dumps({"data": {"result": []}, "silenceID": "s"}), 0.0)

    def items(self, _: str, **__: str) -> list[Any]:
        """Return the pod."""
        status = {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": str(self._ready)}],
            "containerStatuses": [{"name": "it", "imageID": "1", "state": {"running": {}}}],
        }
        ports = [{"name": "https", "containerPort": 9090}]
        metadata = {"name": "it-1", "namespace": "monitoring", "uid": "1", "labels": LABELS}
        container = {"name": "it", "image": "a", "ports": ports}
        return [{"metadata": metadata, "spec": {"containers": [container]}, "status": status}]

    def labels(self, path: str) -> Mapping[str, str] | None:
        """Return the labels of the pod."""
        return LABELS if path.endswith("/it-1") else None

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the Secret, or the authority of a program in another namespace."""
        if "/configmaps/" in path:
            return {"data": {"ca.crt": CERTIFICATE}} if path in AUTHORITIES else None
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in self._secret.items()}
        return {"data": encoded}


def test_a_program_with_tls_is_asked_at_its_port_as_the_operator() -> None:
    """The API server's proxy verifies nothing, and has no certificate that the program knows."""
    cluster = Monitoring()
    untyped: Any = cluster
    assert not Prometheus(untyped, endpoint("prometheus")).query('up{job="a b"}').refused
    ((to, method, path, _, trust),) = cluster.got
    assert (to.pod, to.port, to.host) == ("it-1", 9090, "prometheus.monitoring.svc")
    assert (method, path) == ("GET", "/api/v1/query?query=up%7Bjob%3D%22a+b%22%7D")
    assert trust is not None
    assert trust.check_hostname


@pytest.mark.parametrize(
    ("program", "secure"), [("prometheus", False), ("jaeger", True), ("grafana", True)]
)
def test_any_other_program_is_asked_through_the_proxy(program: str, secure: bool) -> None:
    """A system that somebody brought need not know the certificate of this one's operator."""
    cluster = Monitoring()
    untyped: Any = cluster
    assert ask(untyped, endpoint(program, secure=secure), "/api").succeeded
    assert (cluster.proxied, cluster.got) == (["GET /proxy/api"], [])


def test_alertmanager_takes_silences_from_the_operator() -> None:
    """What changes something goes the same way as what asks."""
    cluster = Monitoring()
    untyped: Any = cluster
    manager = Alertmanager(untyped, endpoint("alertmanager"))
    assert manager.silence({"a": "b"}, 5) == "s"
    manager.end_silence("s")
    posted, deleted = cluster.got
    assert json.loads(posted[3])["matchers"][0]["name"] == "a"
    assert deleted[1:3] == ("DELETE", "/api/v2/silence/s")


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (Monitoring({}), "Secret monitoring/operator-client-tls has no"),
        (Monitoring(ready=False), "monitoring/prometheus has no pod that is ready"),
    ],
)
def test_what_cannot_be_asked_has_not_answered(cluster: Monitoring, said: str) -> None:
    """As with a proxy that finds no pod: whoever asks decides what that means."""
    untyped: Any = cluster
    assert said in Prometheus(untyped, endpoint("prometheus")).query("up").refused


def test_a_pod_has_the_certificate_of_its_program() -> None:
    """It is asked at its own port, and verified by the name of the Service."""
    untyped: Any = Monitoring()
    access = CertifiedAccess(untyped, "monitoring")
    assert access.pod_port("shop", "it-1", 1).host == "prometheus.shop.svc"
    with pytest.raises(Refused, match="no pod shop/it-2"):
        access.pod_port("shop", "it-2", 1)


def test_a_program_in_another_namespace_has_another_authority() -> None:
    """Without that nobody can say that it is the program."""
    cluster = Monitoring({**SECRET, "ca.crt": "none"})
    untyped: Any = cluster
    access = CertifiedAccess(untyped, "monitoring")
    access.send(PodPort("shop", "db-0", 9187, "database.shop.svc"), "GET", "/metrics")
    assert cluster.got[0][4] is not None
    with pytest.raises(Refused, match=r"monitoring/cache-metrics-authority has no ca\.crt"):
        access.send(PodPort("shop", "c-0", 9187, "cache.shop.svc"), "GET", "/metrics")


def test_a_stranger_shows_another_certificate_or_none() -> None:
    """And somebody who does not encrypt has no handshake."""
    cluster = Monitoring()
    untyped: Any = cluster
    access = CertifiedAccess(untyped, "monitoring")
    port = access.service_port("prometheus")
    for pair in (PAIR, ""):
        access.send_as(pair, port, "/")
    access.send_as("", port, "/", encrypted=False)
    assert [each[4] is None for each in cluster.got] == [False, False, True]
    assert OPERATOR == "operator-client-tls"


def test_the_secret_is_read_once() -> None:
    """The security team is told of everybody who reads a Secret."""
    reads: list[str] = []

    class Counting(Monitoring):
        def read(self, path: str) -> dict[str, Any] | None:
            reads.append(path)
            return super().read(path)

    untyped: Any = Counting()
    for _ in range(3):
        assert ask(untyped, endpoint("prometheus"), "/").succeeded
    assert len(reads) == 1
