"""Puts an impostor in the place of Jaeger, and looks at what those who send spans give it."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.drivers import jaeger, otlp
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.impostor import Impostor, ImpostorLog
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.observability.traces import trace_rules
from acceptance.domains.observability.traces.reader import TraceReader
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import transcript
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.facts import Object

_OTLP = "otlp"
"""How the names of the ports begin that take spans."""
_INGRESS = f"{LABEL} in (traefik,ingress-nginx)"


@dataclass(frozen=True)
class DeceivedSenders:
    """What an impostor got of those who send spans."""

    impostor: ImpostorLog
    senders: Mapping[str, str]
    """The name of each pod that should have tried, by its address."""
    browser: str
    """What the ingress said to a browser that sent a span."""


class TraceImpostorTester(TraceReader):
    """Has visitors come while an impostor is in the place of Jaeger."""

    def start_impostor(self) -> None:
        """Start an impostor that serves everybody who does not verify its certificate.

        Whoever sends spans has lost the connection to Jaeger, and begins a new one.
        Raises `Unverifiable` if there is no Jaeger with TLS, or the impostor does not serve.
        """
        endpoint = self._one_endpoint(jaeger.PROGRAMS, "trace store", "Jaeger")
        require(
            endpoint.secure, f"{endpoint.name} serves plain HTTP: everybody can take its place."
        )
        path = api_path("services", endpoint.namespace, endpoint.service)
        service = object_of(self._cluster.ask(path))
        ports = ports_for_spans(service)
        labels = {LABEL: endpoint.program, RUN_LABEL: self.system.run}
        self._impostor = Impostor(self._cluster, service, labels)
        self._undo.callback(self._impostor.give_place_back)
        self._undo.callback(self._impostor.delete)
        # Its labels are Jaeger's, so a Service that selects Jaeger would lead to both.
        self._impostor.take_place()
        ProgramPods(self._cluster, jaeger.PROGRAMS).kill()
        self._impostor.start(self._backend_image(), ports)
        self._awaited(self._impostor.ready, bool, "the impostor serves")
        # The senders would do the same if they did not look.
        if problem := self._impostor.problem():
            raise Unverifiable(f"The impostor does not serve: {problem}.")

    def deceive(self) -> DeceivedSenders:
        """Have each sender try the impostor, and end that.

        Raises `Unverifiable` if one has not tried.
        """
        impostor = self._impostor
        self._awaited(impostor.in_place, bool, "the Service of Jaeger leads to the impostor")
        senders = self._senders()
        with closing(reach(self.system, timeout=self._timeouts.request)) as http:

            def tried() -> list[str]:
                http.send("GET", "/api/checkouts")  # so that there is a span to send
                seen = impostor.log().peers
                return [name for address, name in senders.items() if address not in seen]

            self._awaited(
                lambda: not tried(), bool, f"these have tried: {listed(senders.values())}"
            )
            reply = otlp.send_span(http, uuid.uuid4().hex, trace_rules.BROWSER)
            browser = transcript(http.host, reply)
        found = DeceivedSenders(impostor.log(), senders, browser)
        self._keep("What the impostor got", pretty(asdict(found)))
        impostor.delete()
        impostor.give_place_back()
        return found

    def assert_nothing_given(self, found: DeceivedSenders) -> None:
        """Every sender has ended its handshake with the impostor, and sent it nothing."""
        got = found.impostor.requests
        names = {f"{found.senders.get(each['peer'], each['peer'])} {each['path']}" for each in got}
        sizes = sum(each["size"] for each in got)
        require(
            not got,
            f"An impostor of Jaeger got {len(got)} requests with {sizes} bytes, of "
            f"{listed(sorted(names))}.",
        )
        require(found.impostor.refused, "Nobody has tried to reach the impostor.")

    def _senders(self) -> dict[str, str]:
        """Return the pods that send spans by their addresses: of the backend and of the ingress."""
        pods = [pod for pod in self._pods(self.system.workloads.backend) if pod.serving]
        if not pods:
            raise AssertionError("No backend pod is ready.")
        ingress = self._cluster.items(api_path("pods"), labelSelector=_INGRESS)
        pods += [pod for each in ingress if (pod := reading.pod(each)).serving]
        return {pod.address: pod.name for pod in pods}


def ports_for_spans(service: Object) -> dict[str, int]:
    """Return the ports that a pod behind a Service needs to be sent spans, by their names."""
    found = {}
    for port in service["spec"]["ports"]:
        if str(port.get("name", "")).startswith(_OTLP):
            target = port.get("targetPort", port["port"])
            named = isinstance(target, str)
            found[target if named else port["name"]] = port["port"] if named else target
    if not found:
        raise AssertionError("The Service of Jaeger has no port for spans.")
    return found
