"""Reaches programs that answer nobody without a client certificate, with that of the operator.

The requests go through a forwarded port, because the API server's proxy has no such certificate and
verifies none.
"""

from __future__ import annotations

import base64
import tempfile
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.port_forward import PodPort
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes

OPERATOR = "operator-client-tls"
"""The Secret with the certificate of people and of the suite, and the programs' authority."""
# Read once: the security team is told of everybody who reads a Secret.
_READ: WeakKeyDictionary[Kubernetes, dict[str, dict[str, str]]] = WeakKeyDictionary()
_AUTHORITY = "-metrics-authority"
"""How the name of a ConfigMap ends that has the authority of a program in another namespace."""
_LABEL = "app.kubernetes.io/name"


class CertifiedAccess:
    """The programs of one namespace that know their clients by certificate."""

    def __init__(self, cluster: Kubernetes, namespace: str) -> None:
        """Use the certificate of the operator that is in a Secret of `namespace`."""
        self._cluster = cluster
        self._namespace = namespace

    def send(
        self,
        to: PodPort,
        method: str,
        path: str,
        body: Mapping[str, Any] | str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return a program's answer to a request of the operator.

        Raises `Refused` if the operator has no certificate.
        """

        def operator() -> ssl.SSLContext:
            pair = self._value("tls.key") + self._value("tls.crt")
            return identified(self._authority_of(to), pair)

        http = self._cluster.kept_http()
        return http.send(to, method, path, body, headers=headers, trust=operator)

    def send_as(self, pair: str, to: PodPort, path: str, *, encrypted: bool = True) -> Reply:
        """Return the answer to a GET with another key and certificate than the operator's, as PEM.

        With an empty `pair` there is no certificate, and with `encrypted` off no TLS. Raises
        `Refused` if the authority of the program is unknown.
        """
        trust = identified(self._authority_of(to), pair) if encrypted else None
        return self._cluster.forwarded_http().send(to, "GET", path, trust=trust)

    def service_port(self, service: str) -> PodPort:
        """Return the port of a pod that is ready, as a Service forwards HTTPS to it.

        Raises `Refused` if there is none.
        """
        return service_port(self._cluster, self._namespace, service)

    def pod_port(self, namespace: str, pod: str, port: int) -> PodPort:
        """Return a port of a pod, which has a certificate for the Service of its program.

        Raises `Refused` if there is no such pod.
        """
        labels = self._cluster.labels(api_path("pods", namespace, pod))
        if labels is None:
            raise Refused(f"there is no pod {namespace}/{pod}")
        return PodPort(namespace, pod, port, f"{labels.get(_LABEL, pod)}.{namespace}.svc")

    def _authority_of(self, to: PodPort) -> str:
        """Return whom a client of that port trusts, as PEM.

        A program in another namespace has an authority of its own, which Prometheus has too.
        """
        if to.namespace == self._namespace:
            return self._value("ca.crt")
        name = f"{to.host.partition('.')[0]}{_AUTHORITY}"
        found = self._cluster.read(api_path("configmaps", self._namespace, name)) or {}
        authority = (found.get("data") or {}).get("ca.crt")
        if not authority:
            raise Refused(f"the ConfigMap {self._namespace}/{name} has no ca.crt")
        return str(authority)

    @property
    def _values(self) -> dict[str, str]:
        known = _READ.setdefault(self._cluster, {})
        if not known.get(self._namespace):
            known[self._namespace] = secret_values(self._cluster, self._namespace, OPERATOR)
        return known[self._namespace]

    def _value(self, key: str) -> str:
        found = self._values.get(key)
        if not found:
            raise Refused(f"the Secret {self._namespace}/{OPERATOR} has no {key}")
        return found


def identified(authority: str, pair: str) -> ssl.SSLContext:
    """Return a client's context that trusts `authority`, and shows the certificate of `pair`.

    Both are PEM; `pair` is a key and its certificate, or empty for a client that shows none.
    """
    trust = trusting(authority)
    if pair:
        # The library reads a certificate from a file only.
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(pair)
            file.flush()
            trust.load_cert_chain(file.name)
    return trust


def secret_values(cluster: Kubernetes, namespace: str, name: str) -> dict[str, str]:
    """Return the values of a Secret as texts; none if it is not there."""
    found = cluster.read(api_path("secrets", namespace, name)) or {}
    data = found.get("data") or {}
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def service_port(cluster: Kubernetes, namespace: str, service: str) -> PodPort:
    """Return the port of a pod that is ready, as a Service forwards HTTPS to it.

    Raises `Refused` if there is none.
    """
    spec = object_of(cluster.send("GET", api_path("services", namespace, service)))["spec"]
    selector = reading.selector({"matchLabels": spec["selector"]})
    secure = (p for p in spec["ports"] if "https" in (p.get("name"), p.get("appProtocol")))
    port = next(secure, None)
    if port is None:
        raise Refused(f"{namespace}/{service} has no port for HTTPS")
    target = port.get("targetPort", port["port"])
    for pod in cluster.items(api_path("pods", namespace), labelSelector=selector):
        if not reading.pod(pod).serving:
            continue
        for container in pod["spec"]["containers"]:
            for own in container.get("ports") or ():
                if target in (own.get("name"), own["containerPort"]):
                    host = f"{service}.{namespace}.svc"
                    return PodPort(namespace, pod["metadata"]["name"], own["containerPort"], host)
    raise Refused(f"{namespace}/{service} has no pod that is ready")
