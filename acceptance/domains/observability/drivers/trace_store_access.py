"""Reaches a Jaeger that serves HTTPS: at its own ports, as somebody whom a certificate names.

The requests go through a forwarded port, because the API server's proxy verifies no certificate and
has none that Jaeger knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import otlp
from acceptance.domains.observability.drivers.pod_ports import HTTPS, pod_port, secret_of
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.port_forward import PodPort

SPANS, BROWSER_SPANS = "otlp", "otlp-browser"
"""The ports of the Service for spans: of programs, and of browsers through the ingress."""
_PATHS = {SPANS: "/v1/traces", BROWSER_SPANS: "/otlp/v1/traces"}
_CERTIFICATE = "trace-store-tls"
"""The Secret that has Jaeger's certificate and its authority."""
_READER = "trace-reader-tls"
"""The Secret that has the certificate of those who read traces."""
_SENDER = "trace-sender-tls"
"""The Secret that has the certificate of a sender, in the sender's namespace."""
_BROWSERS = "browser-traces-tls"
"""The Secret that has the certificate by which the ingress passes on what browsers send."""
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Identity:
    """Somebody who asks or sends: a key and its certificate as PEM, or neither."""

    name: str
    pair: str = field(default="", repr=False)


class TraceStoreAccess:
    """One Jaeger that serves HTTPS."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Jaeger at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint
        self._http = cluster.forwarded_http()

    def ask(self, path: str, *, by: Identity, encrypted: bool = True) -> Reply:
        """Return the answer of the query API to a GET.

        With `encrypted` off, the request is sent in clear text to the port for HTTPS.
        Raises `Refused` if Jaeger has no pod that is ready, or no authority.
        """
        to = self._port(HTTPS)
        trust = trusting(self._authority, by.pair) if encrypted else None
        return self._http.send(to, "GET", path, trust=trust)

    def send_span(
        self, port: str, trace_id: str, service: str, *, by: Identity, encrypted: bool = True
    ) -> Reply:
        """Return the answer to a span in the name of `service`; the rest is as with `ask`."""
        to = self._port(port)
        trust = trusting(self._authority, by.pair) if encrypted else None
        body = otlp.span_of(trace_id, service)
        return self._http.send(to, "POST", _PATHS[port], body, headers=_JSON, trust=trust)

    @cached_property
    def reader(self) -> Identity:
        """Who may read traces; raises `Refused` if nobody may."""
        return self._identity("the reader of traces", self._endpoint.namespace, _READER)

    @cached_property
    def browsers(self) -> Identity:
        """Who may send the spans of browsers; raises `Refused` if nobody may."""
        return self._identity("the sender for browsers", self._endpoint.namespace, _BROWSERS)

    @cached_property
    def senders(self) -> tuple[Identity, ...]:
        """Who may send the spans of programs; raises `Refused` if nobody may."""
        field_selector = f"metadata.name={_SENDER}"
        found = self._cluster.items(api_path("secrets"), fieldSelector=field_selector)
        namespaces = sorted(each["metadata"]["namespace"] for each in found)
        if not namespaces:
            raise Refused(f"No namespace has a Secret {_SENDER}")
        return tuple(self._identity(f"the sender in {each}", each, _SENDER) for each in namespaces)

    @cached_property
    def _authority(self) -> str:
        found = secret_of(self._cluster, self._endpoint.namespace, _CERTIFICATE).get("ca.crt", "")
        return found or self._absent(self._endpoint.namespace, _CERTIFICATE, "ca.crt")

    def _port(self, name: str) -> PodPort:
        return pod_port(self._cluster, self._endpoint.namespace, self._endpoint.service, name)

    def _identity(self, name: str, namespace: str, secret: str) -> Identity:
        found = secret_of(self._cluster, namespace, secret)
        key = found.get("tls.key") or self._absent(namespace, secret, "tls.key")
        return Identity(name, key + found["tls.crt"])

    def _absent(self, namespace: str, secret: str, key: str) -> str:
        where = f"{namespace}/{secret}"
        raise Refused(f"{self._endpoint.name} serves HTTPS, and the Secret {where} has no {key}")
