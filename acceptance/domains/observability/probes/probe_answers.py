"""Checks that a probe succeeds for good answers only, with an endpoint that gives bad ones."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.drivers.certified_access import CertifiedAccess
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.faulty_endpoint import (
    GOOD,
    SILENT,
    TLS,
    FaultyEndpoint,
)
from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, require_each, unproven
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acceptance.domains.observability.drivers.prometheus import ScrapeTarget

SUCCEEDS, FAILS = "succeeds", "fails"
_RESULT = "probe_success "
_PARTS_OF_A_SERVICE = 2


@dataclass(frozen=True)
class ProbeKind:
    """A way in which Prometheus has endpoints probed: the prober, and what it is told."""

    service: str
    """The prober's Service: its name, namespace and port."""
    namespace: str
    port: int
    path: str
    query: tuple[tuple[str, str], ...]
    """What it is told beside the address of the endpoint."""
    secure: bool = False
    """Whether it serves HTTPS, and so wants a certificate."""

    @property
    def name(self) -> str:
        """What it is told, in words."""
        return ", ".join(f"{name}={value}" for name, value in self.query) or "without a module"


@dataclass(frozen=True)
class ProbedAnswer:
    """What one kind of probe made of one answer."""

    kind: str
    answer: str
    """As the scenario calls it."""
    path: str
    """What the endpoint was asked: its path names the status of its answer."""
    wanted: str
    result: str
    """`SUCCEEDS`, `FAILS`, or what the prober said instead of a result."""
    asked: bool
    """Whether the endpoint was really asked."""


class ProbeAnswerTester(AlertListener):
    """Starts an endpoint, and has the system's prober ask it as Prometheus has it ask others."""

    def probe_answers(self, table: Sequence[Sequence[str]]) -> tuple[ProbedAnswer, ...]:
        """Have every kind of probe ask an endpoint that answers in each way of the table.

        `table` has a head and two columns: a way to answer, and whether its probe succeeds. Raises
        `Unverifiable` if the endpoint cannot be started, or the prober does not reach it.
        """
        targets = self.prometheus().targets()
        require(not targets.refused, f"Prometheus does not return its targets: {targets.refused}.")
        probes = [each for each in targets.targets if each.job == PROBES]
        require(probes, "Prometheus probes no endpoint.")
        kinds = kinds_of(probes)
        try:
            endpoint = self._start(kinds)
            self._await_reached(kinds, endpoint)
            found = tuple(
                self._probe(kind, endpoint, path, answer, wanted)
                for kind in kinds
                for answer, wanted in table[1:]
                for path in paths_of(answer)
            )
        except Refused as error:
            raise unproven(f"No endpoint of the run can be probed: {error}.", error) from error
        self._keep("What probes made of answers", pretty([asdict(each) for each in found]))
        return found

    def assert_results(self, found: Sequence[ProbedAnswer]) -> None:
        """Every probe succeeded or failed as it is to."""

        def fault(each: ProbedAnswer) -> str | None:
            if each.result == each.wanted:
                return None
            return f"the probe with {each.kind} {each.result} for {each.answer} ({each.path})"

        require_each(found, fault, nothing="No answer was probed.")

    def assert_asked(self, found: Sequence[ProbedAnswer]) -> None:
        """The endpoint was really asked by each probe, so that a failure says what it seems to."""

        def fault(each: ProbedAnswer) -> str | None:
            return None if each.asked else f"the probe with {each.kind} never asked for {each.path}"

        require_each(found, fault, nothing="No answer was probed.")

    def _start(self, kinds: Sequence[ProbeKind]) -> FaultyEndpoint:
        namespace = f"acceptance-endpoint-{self.system.run}-{uuid.uuid4().hex[:6]}"
        self._create_namespace(namespace)
        endpoint = FaultyEndpoint(self._cluster, namespace)
        endpoint.start(self._backend_image(), self.system.host, {RUN_LABEL: self.system.run})
        for service in sorted({(each.namespace, each.service) for each in kinds}):
            found = self._cluster.read(api_path("services", *service))
            if found is None:
                raise Refused(f"there is no Service {'/'.join(service)}")
            policy = endpoint.admit(found["spec"].get("selector") or {LABEL: "none"}, service[0])
            self._undo.callback(self._cluster.delete, policy)
        self._awaited(lambda: endpoint.address, bool, "the endpoint runs")
        return endpoint

    def _await_reached(self, kinds: Sequence[ProbeKind], endpoint: FaultyEndpoint) -> None:
        """Wait until each kind of probe reaches the endpoint: a policy counts after a moment."""
        for kind in kinds:

            def reached(kind: ProbeKind = kind) -> bool:
                before = len(endpoint.asked())
                self._ask(kind, endpoint.url(GOOD))
                return len(endpoint.asked()) > before

            if not last_seen(reached, bool, timeout=self._timeouts.policy):
                raise Unverifiable(f"The probe with {kind.name} reaches no endpoint of the run.")

    def _probe(
        self, kind: ProbeKind, endpoint: FaultyEndpoint, path: str, answer: str, wanted: str
    ) -> ProbedAnswer:
        before = len(endpoint.asked())
        result = self._ask(
            kind, endpoint.url(GOOD, tls=True) if path == TLS else endpoint.url(path)
        )
        asked = path in endpoint.asked()[before:]
        return ProbedAnswer(kind.name, answer, path, wanted, result, asked)

    def _ask(self, kind: ProbeKind, url: str) -> str:
        query = {**dict(kind.query), "target": url}
        if kind.secure:
            access = CertifiedAccess(self._cluster, kind.namespace)
            path = f"{kind.path}?{urlencode(query)}"
            return result_of(access.send(access.service_port(kind.service), "GET", path).text)
        path = api_path("services", kind.namespace, f"{kind.service}:{kind.port}", "proxy")
        return result_of(self._cluster.send("GET", f"{path}{kind.path}", query=query).text)


def result_of(page: str) -> str:
    """Return the result on a page of the prober: `SUCCEEDS`, `FAILS`, or what it says instead."""
    lines = [each for each in page.splitlines() if each.startswith(_RESULT)]
    if not lines:
        return f"says {page[:200]!r}"
    return SUCCEEDS if float(lines[0].removeprefix(_RESULT)) == 1 else FAILS


def kinds_of(probes: Iterable[ScrapeTarget]) -> tuple[ProbeKind, ...]:
    """Return the ways in which Prometheus has endpoints probed.

    Raises `Unverifiable` for a prober that is no Service of the cluster.
    """
    return tuple(dict.fromkeys(_kind(each) for each in probes))


def _kind(probe: ScrapeTarget) -> ProbeKind:
    url = urlsplit(probe.asked)
    parts = (url.hostname or "").split(".")
    if len(parts) < _PARTS_OF_A_SERVICE or parts[-1].isdigit():
        raise Unverifiable(f"{probe.asked} asks no Service of the cluster.")
    query = tuple((name, value) for name, value in parse_qsl(url.query) if name != "target")
    secure = url.scheme == "https"
    return ProbeKind(parts[0], parts[1], url.port or 80, url.path, query, secure)


def paths_of(answer: str) -> tuple[str, ...]:
    """Return the paths of the endpoint that answer in this way; by TLS it is no path."""
    ways = {
        "a page": (GOOD,),
        "a redirect to the page": _paths(300),
        "an error of the client": _paths(400),
        "an error of the server": _paths(500),
        "a certificate that nobody trusts": (TLS,),
        "no answer": (SILENT,),
    }
    return ways[answer]


def _paths(begin: int) -> tuple[str, ...]:
    """Return the paths of the statuses of one class, which begins with this number."""
    statuses = (each for each in HTTPStatus if each != HTTPStatus.NOT_MODIFIED)
    return tuple(f"/{each.value}" for each in statuses if begin <= each < begin + 100)
