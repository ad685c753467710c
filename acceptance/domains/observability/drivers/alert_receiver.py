"""A receiver of alerts that the suite starts: a pod that keeps every notification it gets.

It stands for what is outside of the cluster: the telephone of those who are on call, and the
service that calls them when it hears nothing from the dead man's switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.labels import Labelled
from acceptance.domains.observability.drivers.log_writer import ENDED
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Inaccessible, Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import hardened_pod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

PORT = 443
"""The only port to which Alertmanager may connect outside of its namespace."""
_ACCOUNT = "alerts"
DEAD_MANS_SWITCH = "dead-mans-switch"
"""The path of the receiver that raises an alarm when it hears nothing."""
SILENT_INTERVALS = 1.5
"""After so many intervals without a sign of life the alarm is raised."""
# Notifications are kept as they come, with the receiver's own time. A webhook's body is JSON of
# version 4 (Alertmanager's documentation, "webhook_config").
_PROGRAM = """
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
port, switch, silent = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
kept, alarms, last = [], [], [0.0]
class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path.strip("/")
        kept.append({"receiver": name, "at": time.time(), "body": body})
        if name == switch: last[0] = time.time()
        self.answer({})
    def do_GET(self):
        since = float(parse_qs(urlsplit(self.path).query).get("since", ["0"])[0])
        late = [[each for each in old if each["at"] >= since] for old in (kept, alarms)]
        self.answer({"now": time.time(), "kept": late[0], "alarms": late[1]})
    def log_message(self, *_): pass
def listen():
    while True:
        time.sleep(0.05)
        if last[0] and time.time() - last[0] > silent:
            alarms.append({"at": time.time(), "last": last[0]})
            last[0] = 0.0
threading.Thread(target=listen, daemon=True).start()
ThreadingHTTPServer(("", port), Receiver).serve_forever()
"""


@dataclass(frozen=True)
class ReceivedAlert(Labelled):
    """One alert in a notification."""

    receiver: str
    at: float
    """When it arrived, in seconds since 1970 by the receiver's clock."""
    status: str
    """firing or resolved."""
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    starts_at: str
    """When it began to fire, as RFC 3339."""
    notification: int
    """The number of the notification that it came with."""

    @property
    def name(self) -> str:
        """The name of the alert."""
        return self.label("alertname")


@dataclass(frozen=True)
class Alarm:
    """The alarm that nothing was heard from the dead man's switch any more."""

    at: float
    last: float
    """When it was heard last. Both in seconds since 1970 by the receiver's clock."""


@dataclass(frozen=True)
class Received:
    """What a receiver has got."""

    now: float
    """The receiver's clock, in seconds since 1970."""
    alerts: tuple[ReceivedAlert, ...]
    alarms: tuple[Alarm, ...]


class AlertReceiver:
    """The pod of a receiver in a namespace of its own, which is as hardened as the system's."""

    def __init__(self, cluster: Kubernetes, namespace: str) -> None:
        """Control the receiver in `namespace`, which need not run yet."""
        self._cluster = cluster
        self._namespace = namespace
        self._name = "receiver"
        self._path = api_path("pods", namespace, self._name)

    def start(self, image: str, interval: float, labels: Mapping[str, str]) -> None:
        """Start it with an image that has Python; an interval of the switch is in seconds."""
        silent = f"{SILENT_INTERVALS * interval:g}"
        self._harden()
        body = hardened_pod(
            self._name,
            image,
            ["python", "-c", _PROGRAM, str(PORT), DEAD_MANS_SWITCH, silent],
            labels=labels,
            # Its port is below 1024, and it is not root (a safe sysctl since Kubernetes 1.22).
            spec={
                "serviceAccountName": _ACCOUNT,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                    "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
                },
            },
            readinessProbe={"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        )
        if self._cluster.create(api_path("pods", self._namespace), body) is None:
            raise Inaccessible(f"there is already a pod {self._namespace}/{self._name}")

    def _harden(self) -> None:
        """Let the pod be connected to at its port only, and give it an account without rights."""
        # The cluster makes the account "default" too, perhaps before it is made here.
        tokenless = {"automountServiceAccountToken": False}
        for name in (_ACCOUNT, "default"):
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
            created = self._cluster.create(
                api_path("serviceaccounts", self._namespace), account | tokenless
            )
            if created is None:
                path = api_path("serviceaccounts", self._namespace, name)
                self._cluster.patch(path, tokenless)
        allowed: dict[str, Any] = {"ingress": [{"ports": [{"port": PORT}]}]}
        for name, rules in (("deny-all", {}), ("allow-alerts", allowed)):
            policy = {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": name},
                "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], **rules},
            }
            self._cluster.create(api_path("networkpolicies", self._namespace), policy)

    def remove(self) -> None:
        """Remove its pod, so that nothing takes what is sent to it."""
        self._cluster.delete(self._path, grace=0)

    @property
    def runs(self) -> bool:
        """Whether there is a pod of it that has not ended, ready or not."""
        found = self._cluster.read(self._path)
        return found is not None and reading.pod(found).phase not in ENDED

    @property
    def address(self) -> str:
        """The URL to which notifications are sent; empty until the pod is ready."""
        found = self._cluster.read(self._path)
        pod = reading.pod(found) if found else None
        return f"http://{pod.address}:{PORT}" if pod and pod.serving else ""

    def read(self, since: float = 0.0) -> Received:
        """Return what has arrived since a time of its clock, in seconds since 1970.

        Raises `Refused` if the receiver does not answer.
        """
        reply = self._cluster.ask_pod(self._namespace, self._name, PORT, f"/?since={since!r}")
        found: Any = reply.json() if reply.succeeded else None
        if found is None:
            raise Refused(f"the receiver of alerts does not answer: {reply}")
        return Received(
            found["now"],
            tuple(
                ReceivedAlert(
                    receiver=each["receiver"],
                    at=each["at"],
                    status=alert["status"],
                    labels=tuple(sorted(alert["labels"].items())),
                    annotations=tuple(sorted(alert["annotations"].items())),
                    starts_at=alert["startsAt"],
                    notification=number,
                )
                for number, each in enumerate(found["kept"])
                for alert in each["body"]["alerts"]
            ),
            tuple(Alarm(each["at"], each["last"]) for each in found["alarms"]),
        )
