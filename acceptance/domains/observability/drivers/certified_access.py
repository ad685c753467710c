"""Reaches programs that answer nobody without a client certificate, with that of the operator.

The requests go through a forwarded port, because the API server's proxy has no such certificate and
verifies none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from acceptance.domains.observability.drivers.pod_ports import pod_port, secret_of
from acceptance.drivers.kubernetes.client import Refused
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
            return trusting(self._authority_of(to), pair)

        http = self._cluster.kept_http()
        return http.send(to, method, path, body, headers=headers, trust=operator)

    def send_as(self, pair: str, to: PodPort, path: str, *, encrypted: bool = True) -> Reply:
        """Return the answer to a GET with another key and certificate than the operator's, as PEM.

        With an empty `pair` there is no certificate, and with `encrypted` off no TLS. Raises
        `Refused` if the authority of the program is unknown.
        """
        trust = trusting(self._authority_of(to), pair) if encrypted else None
        return self._cluster.forwarded_http().send(to, "GET", path, trust=trust)

    def service_port(self, service: str) -> PodPort:
        """Return the port of a pod that is ready, as a Service forwards HTTPS to it.

        Raises `Refused` if there is none.
        """
        return pod_port(self._cluster, self._namespace, service)

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
            known[self._namespace] = secret_of(self._cluster, self._namespace, OPERATOR)
        return known[self._namespace]

    def _value(self, key: str) -> str:
        found = self._values.get(key)
        if not found:
            raise Refused(f"the Secret {self._namespace}/{OPERATOR} has no {key}")
        return found
