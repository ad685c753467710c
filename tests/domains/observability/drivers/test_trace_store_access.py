from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.jaeger import Jaeger
from acceptance.domains.observability.drivers.trace_store_access import (
    BROWSER_SPANS,
    SPANS,
    Identity,
    TraceStoreAccess,
)
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.self_signed import self_signed
from tests.domains.observability.traces.samples import TRACE, as_jaeger, whole

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.port_forward import PodPort

LABELS = {"app.kubernetes.io/name": "jaeger"}
SECURE = MonitoringEndpoint("jaeger", "monitoring/jaeger", "/proxy", secure=True)
OPEN = MonitoringEndpoint("jaeger", "monitoring/jaeger", "/proxy")
PORTS = {"query": 16686, "otlp": 4318, "otlp-browser": 4320}
SERVICE_PORTS = [
    {"name": "https", "port": 443, "targetPort": "query"},
    {"name": "otlp", "port": 4318, "targetPort": "otlp"},
    {"name": "otlp-browser", "port": 4320, "targetPort": "otlp-browser"},
]
PAIR = self_signed("somebody")
KEY, CERTIFICATE = PAIR[: PAIR.index("-----BEGIN CERT")], PAIR[PAIR.index("-----BEGIN CERT") :]
OWN = {"tls.crt": CERTIFICATE, "tls.key": KEY}
SECRETS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("monitoring", "trace-store-tls"): {"ca.crt": CERTIFICATE},
    ("monitoring", "trace-reader-tls"): OWN,
    ("monitoring", "browser-traces-tls"): OWN,
    ("checkout", "trace-sender-tls"): OWN,
    ("ingress", "trace-sender-tls"): OWN,
}


def pod(*, ready: bool = True) -> dict[str, Any]:
    """The pod of Jaeger."""
    ports = [{"name": name, "containerPort": port} for name, port in PORTS.items()]
    status = "True" if ready else "False"
    return {
        "metadata": {"name": "jaeger-0", "namespace": "monitoring", "uid": "u", "labels": LABELS},
        "spec": {"containers": [{"name": "jaeger", "image": "a", "ports": ports}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": status}],
            "containerStatuses": [{"name": "jaeger", "imageID": "1", "state": {"running": {}}}],
        },
    }


class Store:
    """A cluster with one Jaeger, and the requests that its pod, or the proxy, has got."""

    def __init__(
        self,
        *,
        ready: bool = True,
        secrets: Mapping[tuple[str, str], Mapping[str, str]] = SECRETS,
        status: int = 200,
    ) -> None:
        """Have these Secrets, and answer with this status."""
        self._ready, self._secrets, self._status = ready, secrets, status
        self.got: list[tuple[PodPort, str, str, Any, ssl.SSLContext | None]] = []
        self.proxied: list[str] = []

    def forwarded_http(self) -> Store:
        """Return what sends requests to pods."""
        return self

    def send(
        self,
        to: Any,  # noqa: ANN401 (a port, or the API server's method)
        method: str,
        path: str = "",
        body: object = None,
        *,
        query: object = None,
        headers: Mapping[str, str] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> Reply:
        """Answer for the API server, for its proxy, or for the pod."""
        assert (query or headers) is not None or body is None
        trace = Reply(self._status, (), json.dumps(as_jaeger(whole())), 0.0)
        if to == "GET" and method.startswith("/proxy"):
            self.proxied.append(method)
            return trace
        if to == "GET":
            service = {"spec": {"selector": LABELS, "ports": SERVICE_PORTS}}
            return Reply(200, (), json.dumps(service), 0.0)
        self.got.append((to, method, path, body, trust))
        return trace

    def items(self, path: str, **selector: str) -> list[Any]:
        """Return the pod, or the Secrets of senders."""
        if path.endswith("/secrets"):
            assert selector == {"fieldSelector": "metadata.name=trace-sender-tls"}
            names = [namespace for namespace, name in self._secrets if name == "trace-sender-tls"]
            return [{"metadata": {"namespace": each}} for each in names]
        return [pod(ready=self._ready)]

    def read(self, path: str) -> dict[str, Any] | None:
        """Return a Secret."""
        parts = path.split("/")
        found = self._secrets.get((parts[4], parts[6]))
        if found is None:
            return None
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in found.items()}
        return {"data": encoded}


def access(cluster: Store) -> TraceStoreAccess:
    """The way to the Jaeger of that cluster."""
    untyped: Any = cluster
    return TraceStoreAccess(untyped, SECURE)


def test_a_jaeger_with_https_is_asked_at_its_own_port() -> None:
    """The certificate is for the Service, and the suite has one itself."""
    cluster: Any = Store()
    found = Jaeger(cluster, SECURE).trace(TRACE)
    assert len(found.spans) == len(whole())
    ((to, method, path, _, trust),) = cluster.got
    assert (to.pod, to.port, to.host) == ("jaeger-0", 16686, "jaeger.monitoring.svc")
    assert (method, path) == ("GET", f"/api/traces/{TRACE}")
    assert trust is not None
    assert cluster.proxied == []


def test_any_other_jaeger_is_asked_through_the_proxy() -> None:
    """As systems are that a team brings."""
    cluster: Any = Store()
    assert Jaeger(cluster, OPEN).trace(TRACE).spans
    assert cluster.proxied == [f"/proxy/api/traces/{TRACE}"]
    assert cluster.got == []


def test_a_trace_that_jaeger_does_not_know_has_no_spans() -> None:
    """That is no refusal."""
    cluster: Any = Store(status=404)
    found = Jaeger(cluster, SECURE).trace(TRACE)
    assert (found.spans, found.refused) == ((), "")


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("trace-reader-tls", r"monitoring/trace-reader-tls has no tls\.key"),
        ("trace-store-tls", r"monitoring/trace-store-tls has no ca\.crt"),
    ],
)
def test_what_is_missing_is_named(missing: str, said: str) -> None:
    """A Jaeger that cannot be asked has not said that it has no trace."""
    held = {key: value for key, value in SECRETS.items() if key[1] != missing}
    cluster: Any = Store(secrets=held)
    found = Jaeger(cluster, SECURE).trace(TRACE)
    assert found.spans == ()
    with pytest.raises(Refused, match=said):
        raise Refused(found.refused)


def test_a_jaeger_that_is_not_ready_is_not_asked() -> None:
    """And a port that its Service does not have is named."""
    with pytest.raises(Refused, match="no pod that is ready"):
        access(Store(ready=False)).ask("/", by=Identity("nobody"))
    with pytest.raises(Refused, match="has no port otlp-grpc"):
        access(Store()).send_span("otlp-grpc", TRACE, "any", by=Identity("nobody"))


def test_spans_go_to_the_port_that_takes_them() -> None:
    """In clear text there is no handshake."""
    cluster = Store()
    way = access(cluster)
    assert [each.name for each in way.senders] == [
        "the sender in checkout",
        "the sender in ingress",
    ]
    way.send_span(SPANS, TRACE, "checkout-backend", by=way.senders[0])
    way.send_span(BROWSER_SPANS, TRACE, "checkout-browser", by=way.browsers, encrypted=False)
    (one, _, path, body, trust), (other, _, other_path, _, no_trust) = cluster.got
    assert (one.port, path) == (4318, "/v1/traces")
    assert (other.port, other_path) == (4320, "/otlp/v1/traces")
    assert "checkout-backend" in json.dumps(body) and TRACE in json.dumps(body)
    assert trust is not None and no_trust is None


def test_a_key_is_not_shown_and_no_sender_is_named() -> None:
    """An identity that is printed by mistake shows its name only."""
    assert "PRIVATE" not in repr(access(Store()).reader)
    with pytest.raises(Refused, match="No namespace has a Secret trace-sender-tls"):
        _ = access(Store(secrets={})).senders
