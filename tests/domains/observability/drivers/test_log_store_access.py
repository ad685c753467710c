from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint, find_endpoints
from acceptance.domains.observability.drivers.log_store import LogStore
from acceptance.domains.observability.drivers.log_store_access import LogStoreAccess
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.self_signed import self_signed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.port_forward import PodPort

LABELS = {"app.kubernetes.io/name": "opensearch"}
ENDPOINT = MonitoringEndpoint("opensearch", "monitoring/opensearch", "/proxy", secure=True)
PAIR = self_signed("administrator")
KEY, CERTIFICATE = PAIR[: PAIR.index("-----BEGIN CERT")], PAIR[PAIR.index("-----BEGIN CERT") :]
SECRETS = {
    "log-store-secrets": {"log-reader": "r", "log-shipper": "s"},
    "log-store-tls": {"ca.crt": CERTIFICATE},
    "log-store-administrator": {"tls.crt": CERTIFICATE, "tls.key": KEY},
}


def pod(name: str, *, ready: bool) -> dict[str, Any]:
    """A pod of the log store."""
    ports = [{"name": "https", "containerPort": 9200}]
    status = "True" if ready else "False"
    return {
        "metadata": {"name": name, "namespace": "monitoring", "uid": name, "labels": LABELS},
        "spec": {"containers": [{"name": "store", "image": "a", "ports": ports}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": status}],
            "containerStatuses": [{"name": "store", "imageID": "1", "state": {"running": {}}}],
        },
    }


def service(**port: object) -> dict[str, Any]:
    """The Service of the log store with one port."""
    own = {"port": 9200, "targetPort": "https", **port}
    return {
        "metadata": {"name": "opensearch", "namespace": "monitoring", "labels": LABELS},
        "spec": {"selector": LABELS, "ports": [own]},
    }


class Store:
    """A cluster with one log store, and the requests that its pod has got."""

    def __init__(
        self, *pods: dict[str, Any], secrets: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Have these pods and Secrets."""
        self.pods = pods or (pod("opensearch-0", ready=True),)
        self.secrets = SECRETS if secrets is None else secrets
        self.got: list[tuple[PodPort, str, str, Any, Mapping[str, str], ssl.SSLContext | None]] = []

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
        headers: Mapping[str, str] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> Reply:
        """Answer for the API server, or for the pod."""
        if to == "GET":
            return Reply(200, (), json.dumps(service(name="https")), 0.0)
        self.got.append((to, method, path, body, headers or {}, trust))
        hits = {"total": {"value": 3}, "hits": [{"_source": {"pod": "a"}}]}
        return Reply(200, (), json.dumps({"hits": hits}), 0.0)

    def items(self, _: str, **__: str) -> list[Any]:
        """Return the pods."""
        return list(self.pods)

    def read(self, path: str) -> dict[str, Any] | None:
        """Return a Secret."""
        found = self.secrets.get(path.rsplit("/", 1)[1])
        if found is None:
            return None
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in found.items()}
        return {"data": encoded}


def access(cluster: Store) -> LogStoreAccess:
    """The way to the log store of that cluster."""
    untyped: Any = cluster
    return LogStoreAccess(untyped, ENDPOINT)


@pytest.mark.parametrize(
    ("port", "secure", "path"),
    [
        ({"name": "https"}, True, "https:opensearch:9200"),
        ({"name": "http", "appProtocol": "https"}, True, "https:opensearch:9200"),
        ({"name": "http"}, False, "opensearch:9200"),
        ({"name": "transport"}, False, "opensearch:9200"),
    ],
)
def test_the_service_says_whether_it_serves_https(
    port: dict[str, str], secure: bool, path: str
) -> None:
    """Nobody has to try, and the proxy is told too."""

    class Services:
        def items(self, path: str, **_: str) -> list[Any]:
            return [service(**port)] if path.endswith("/services") else []

    cluster: Any = Services()
    (found,) = find_endpoints(cluster, ("opensearch",))
    assert found.secure is secure
    assert found.path == f"/api/v1/namespaces/monitoring/services/{path}/proxy"
    assert (found.namespace, found.service) == ("monitoring", "opensearch")


def test_a_search_is_the_readers_and_goes_to_a_ready_pod() -> None:
    """The certificate is for the Service, whichever pod answers."""
    cluster = Store(pod("opensearch-0", ready=False), pod("opensearch-1", ready=True))
    untyped: Any = cluster
    store = LogStore(untyped, ENDPOINT)
    assert store.search("checkout", "id").count == 3
    assert [each["pod"] for each in store.entries(pod="a").entries] == ["a"]
    for to, method, path, _, headers, trust in cluster.got:
        assert (to.pod, to.port, to.host) == ("opensearch-1", 9200, "opensearch.monitoring.svc")
        assert (method, path) == ("POST", "/logs-*/_search")
        assert headers["Authorization"] == f"Basic {base64.b64encode(b'log-reader:r').decode()}"
        assert trust is not None


def test_what_is_missing_is_named() -> None:
    """A store that cannot be asked has not said that it has no line."""
    untyped: Any = Store(secrets={})
    assert (
        "log-store-secrets has no log-reader" in LogStore(untyped, ENDPOINT).search("", "").refused
    )
    assert "log-store-secrets" in LogStore(untyped, ENDPOINT).entries(pod="a").refused
    assert LogStore(untyped, ENDPOINT).doubled(pod="a") is None
    without = Store(pod("opensearch-0", ready=False))
    with pytest.raises(Refused, match="no pod that is ready"):
        access(without).send("GET", "/", account=None)
    without_authority = Store(secrets={"log-store-secrets": SECRETS["log-store-secrets"]})
    with pytest.raises(Refused, match=r"log-store-tls has no ca\.crt"):
        access(without_authority).send("GET", "/", account=None)


def test_the_administrator_has_a_certificate_or_an_account() -> None:
    """Which of them, the Secrets say."""
    cluster = Store()
    access(cluster).send_as_administrator("PUT", "/")
    assert "Authorization" not in cluster.got[0][4]
    passwords = {**SECRETS["log-store-secrets"], "log-administrator": "a"}
    cluster = Store(secrets={**SECRETS, "log-store-secrets": passwords})
    access(cluster).send_as_administrator("PUT", "/")
    assert "Authorization" in cluster.got[0][4]
    assert [each.name for each in access(cluster).accounts] == ["log-reader", "log-shipper"]


def test_clear_text_has_no_handshake_and_a_password_is_not_shown() -> None:
    """An account that is printed by mistake shows its name only."""
    cluster = Store()
    access(cluster).send("PUT", "/", account=None, encrypted=False)
    assert cluster.got[0][5] is None
    assert "'r'" not in repr(access(cluster).account("log-reader"))
