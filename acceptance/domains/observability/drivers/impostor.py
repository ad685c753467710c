"""A pod that takes the place of a program, with a certificate of another authority."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import CONTAINER, hardened_pod
from acceptance.drivers.kubernetes.port_forward import PodPort
from acceptance.drivers.self_signed import self_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

_MARK = f"{RUN_LABEL}-impostor"
_PROBE = "/probe"
"""What the run asks itself; it does not count as a request."""
# It answers everything as a program that has taken it, and tells its log what it got: never a
# password itself.
_SERVER = """
import http.server, json, os, socketserver, ssl, sys, threading
pair = os.memfd_create("pair")
os.write(pair, sys.argv[1].encode())
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(f"/proc/self/fd/{pair}")
# In one call: the threads must not write into each other's lines.
def tell(**event): os.write(1, (json.dumps(event) + chr(10)).encode())
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def setup(self):
        self.request.settimeout(10)
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except OSError as error:
            tell(event="refused", peer=self.client_address[0], error=str(error))
            raise
        super().setup()
    def do_GET(self):
        body = self.sent()
        seen = dict(path=self.path, lines=body.count(b"\\n"), size=len(body))
        known = "Authorization" in self.headers
        tell(event="request", peer=self.client_address[0], **seen, **{"password": known})
        body = b'{"errors": false, "items": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def sent(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline() or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found
    do_POST = do_PUT = do_GET
    def log_message(self, *_): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    def handle_error(self, *_): pass
servers = [Server(("", int(port)), Handler) for port in sys.argv[2:]]
for each in servers[1:]: threading.Thread(target=each.serve_forever, daemon=True).start()
tell(event="ready")
servers[0].serve_forever()
"""


@dataclass(frozen=True)
class ImpostorLog:
    """What an impostor has seen."""

    refused: tuple[str, ...]
    """Why clients ended a handshake."""
    requests: tuple[Mapping[str, Any], ...]
    """The path of each request, its size, its lines, whether it had a password, and its peer."""
    peers: tuple[str, ...] = ()
    """The addresses of all who have begun a handshake or sent a request."""

    @property
    def attempts(self) -> int:
        """How often somebody tried to reach it."""
        return len(self.refused) + len(self.requests)


class Impostor:
    """A pod that has the labels of a program and its ports, and leads its Service to itself."""

    def __init__(self, cluster: Kubernetes, service: Object, labels: Mapping[str, str]) -> None:
        """Take the place of the pods behind `service`; policies know them by `labels`."""
        self._cluster = cluster
        self._service = service
        self._labels = labels
        self.namespace = str(service["metadata"]["namespace"])
        self.name = f"acceptance-impostor-{labels[RUN_LABEL]}"
        self._own = {_MARK: self.name}
        self._ports: tuple[int, ...] = ()

    def start(self, image: str, ports: Mapping[str, int]) -> None:
        """Create the pod, which serves at `ports`, by their names."""
        self._ports = tuple(ports.values())
        host = f"{self._service['metadata']['name']}.{self.namespace}.svc"
        command = ["python", "-c", _SERVER, self_signed(host), *map(str, self._ports)]
        named = [{"name": name, "containerPort": port} for name, port in ports.items()]
        pod = hardened_pod(
            self.name, image, command, labels={**self._labels, **self._own}, ports=named
        )
        self._cluster.create(api_path("pods", self.namespace), pod)

    def ready(self) -> bool:
        """Whether it serves."""
        return '"ready"' in self._log()

    def problem(self) -> str:
        """Return why it does not serve somebody who verifies no certificate; empty if it does."""
        careless = ssl.create_default_context()
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        for port in self._ports:
            to = PodPort(self.namespace, self.name, port, "impostor")
            reply = self._cluster.forwarded_http().send(to, "GET", _PROBE, trust=careless)
            if not reply.succeeded:
                return str(reply)
        return ""

    def take_place(self) -> None:
        """Lead the Service to it, and to nothing until it is there."""
        self._lead_to(self._own)

    def give_place_back(self) -> None:
        """Lead the Service to where it led before: while the impostor is there, to it too."""
        self._lead_to({**dict.fromkeys(self._own), **self._service["spec"]["selector"]})

    def in_place(self) -> bool:
        """Whether the Service leads to it and nowhere else."""
        name = self._service["metadata"]["name"]
        path = api_path("endpointslices", self.namespace)
        slices = self._cluster.items(path, labelSelector=f"kubernetes.io/service-name={name}")
        found = {
            (endpoint.get("targetRef") or {}).get("name")
            for each in slices
            for endpoint in each.get("endpoints") or ()
        }
        return found == {self.name}

    def log(self) -> ImpostorLog:
        """Return what it has seen."""
        events = [json.loads(line) for line in self._log().splitlines() if line.startswith("{")]
        return ImpostorLog(
            refused=tuple(each["error"] for each in events if each["event"] == "refused"),
            requests=tuple(
                each for each in events if each["event"] == "request" and each["path"] != _PROBE
            ),
            peers=tuple(sorted({each["peer"] for each in events if "peer" in each})),
        )

    def delete(self) -> None:
        """Delete the pod."""
        self._cluster.delete(api_path("pods", self.namespace, self.name), grace=0)

    def _log(self) -> str:
        return self._cluster.log(self.namespace, self.name, CONTAINER) or ""

    def _lead_to(self, selector: Mapping[str, str | None]) -> None:
        gone = dict.fromkeys(self._service["spec"]["selector"]) if self._own == selector else {}
        path = api_path("services", self.namespace, self._service["metadata"]["name"])
        self._cluster.patch(path, {"spec": {"selector": {**gone, **selector}}})
