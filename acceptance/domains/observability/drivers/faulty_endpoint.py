"""An endpoint that the suite starts: a pod that answers as the path says, well or badly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Inaccessible, Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import hardened_pod
from acceptance.drivers.self_signed import self_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

GOOD, SILENT, TLS = "/200", "/silent", "tls"
"""The path of a page, the one that gets no answer, and what stands for a connection with TLS."""
_PLAIN_PORT, _TLS_PORT = 8080, 8443
_NAME = "faulty"
_LABEL = {"acceptance.test/endpoint": _NAME}
_PROBERS_POLICY = "acceptance-faulty-endpoint"
# It answers with the status that the path names; a redirect leads to the page. What it was asked is
# at /asked, with the connections of TLS under the path "tls", which count before the handshake.
_PROGRAM = """
import json, os, ssl, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
plain, secure = int(sys.argv[1]), int(sys.argv[2])
asked = []
class Endpoint(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/asked":
            return self.answer(200, json.dumps(asked).encode())
        asked.append(self.path)
        if self.path == "/silent":
            self.close_connection = True
            return
        self.answer(int(self.path.strip("/")), b"")
    def answer(self, status, body):
        self.send_response(status)
        if 300 <= status < 400: self.send_header("Location", "/200")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304: self.wfile.write(body)
    def log_message(self, *_): pass
class Secure(ThreadingHTTPServer):
    def get_request(self):
        found = super().get_request()
        asked.append("tls")
        return found
    def finish_request(self, request, address):
        try:
            super().finish_request(context.wrap_socket(request, server_side=True), address)
        except OSError:
            pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
with open("/tmp/pair.pem", "w") as file: file.write(os.environ["PAIR"])
context.load_cert_chain("/tmp/pair.pem")
threading.Thread(target=Secure(("", secure), Endpoint).serve_forever, daemon=True).start()
ThreadingHTTPServer(("", plain), Endpoint).serve_forever()
"""


class FaultyEndpoint:
    """The pod of an endpoint in a namespace of its own, and the policy by which it is reached."""

    def __init__(self, cluster: Kubernetes, namespace: str) -> None:
        """Control the endpoint in `namespace`, which need not run yet."""
        self._cluster = cluster
        self._namespace = namespace
        self._path = api_path("pods", namespace, _NAME)

    def start(self, image: str, host: str, labels: Mapping[str, str]) -> None:
        """Start it with an image that has Python, and a certificate for `host` that it signed."""
        body: dict[str, Any] = hardened_pod(
            _NAME,
            image,
            ["python", "-c", _PROGRAM, str(_PLAIN_PORT), str(_TLS_PORT)],
            labels={**labels, **_LABEL},
            env=[{"name": "PAIR", "value": self_signed(host, "127.0.0.1")}],
            volumeMounts=[{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 (the pod's own)
            readinessProbe={"tcpSocket": {"port": _PLAIN_PORT}, "periodSeconds": 1},
        )
        body["spec"]["volumes"] = [{"name": "scratch", "emptyDir": {}}]
        if self._cluster.create(api_path("pods", self._namespace), body) is None:
            raise Inaccessible(f"there is already a pod {self._namespace}/{_NAME}")

    def admit(self, prober: Mapping[str, str], namespace: str) -> str:
        """Let the pods with the labels `prober` connect to it; return the policy's path."""
        where = {"kubernetes.io/metadata.name": self._namespace}
        ports = [{"protocol": "TCP", "port": port} for port in (_PLAIN_PORT, _TLS_PORT)]
        to = {"namespaceSelector": {"matchLabels": where}, "podSelector": {"matchLabels": _LABEL}}
        body = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": _PROBERS_POLICY},
            "spec": {
                "podSelector": {"matchLabels": dict(prober)},
                "policyTypes": ["Egress"],
                "egress": [{"to": [to], "ports": ports}],
            },
        }
        self._cluster.create(api_path("networkpolicies", namespace), body)
        return api_path("networkpolicies", namespace, _PROBERS_POLICY)

    @property
    def address(self) -> str:
        """The pod's address; empty until it is ready."""
        found = self._cluster.read(self._path)
        pod = reading.pod(found) if found else None
        return pod.address if pod and pod.serving else ""

    def url(self, path: str, *, tls: bool = False) -> str:
        """Return the URL of a path."""
        scheme, port = ("https", _TLS_PORT) if tls else ("http", _PLAIN_PORT)
        return f"{scheme}://{self.address}:{port}{path}"

    def asked(self) -> list[str]:
        """Return what it was asked so far: paths, and `TLS` for a connection."""
        reply = self._cluster.ask_pod(self._namespace, _NAME, _PLAIN_PORT, "/asked")
        found: Any = reply.json() if reply.succeeded else None
        if not isinstance(found, list):
            raise Refused(f"the endpoint of the run does not answer: {reply}")
        return [str(each) for each in found]
