"""Puts an impostor in the place of the log store, and looks at what the log shipper gives it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.drivers import log_store
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.impostor import Impostor, ImpostorLog
from acceptance.domains.observability.drivers.log_writer import ENDED
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.observability.logs.actor import SHIPPERS, LogOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require

if TYPE_CHECKING:
    from acceptance.domains.observability.logs.numbered_lines import NumberedLines

_PORT = 9200
_LINES = 1000
_PER_SECOND = 500
_ATTEMPTS = 3


@dataclass(frozen=True)
class DeceivedShipper:
    """What an impostor got of the log shipper, and the lines that were written meanwhile."""

    impostor: ImpostorLog
    lines: NumberedLines


class ImpostorTester(LogOperator):
    """Has a pod write lines while an impostor is in the place of the log store."""

    def start_impostor(self) -> None:
        """Start an impostor that serves everybody who does not verify its certificate.

        Raises `Unverifiable` if there is no log store with TLS, or the impostor does not serve.
        """
        endpoint = self._one_endpoint(log_store.PROGRAMS, "log store", "log store")
        require(
            endpoint.secure, f"{endpoint.name} serves plain HTTP: everybody can take its place."
        )
        path = api_path("services", endpoint.namespace, endpoint.service)
        labels = {LABEL: endpoint.program, RUN_LABEL: self.system.run}
        self._impostor = Impostor(self._cluster, object_of(self._cluster.ask(path)), labels)
        self._undo.callback(self._impostor.give_place_back)
        self._undo.callback(self._impostor.delete)
        # Its labels are the store's, so a Service that selects the store would lead to both.
        self._impostor.take_place()
        self._impostor.start(self._backend_image(), {"https": _PORT})
        self._await(self._impostor.ready, "the impostor serves")
        # The shipper would do the same if it did not look.
        if problem := self._impostor.problem():
            raise Unverifiable(f"The impostor does not serve: {problem}.")

    def write_lines_to_impostor(self) -> DeceivedShipper:
        """Have a pod write while the impostor is in the place of the log store, and end that.

        Raises `Unverifiable` if the shipper has not tried to reach the impostor.
        """
        impostor = self._impostor
        self._await(impostor.in_place, "the Service of the log store leads to the impostor")
        # Whoever is connected already stays so: a new shipper is not.
        shipper = ProgramPods(self._cluster, SHIPPERS)
        before = {pod.uid for pod in shipper.kill()}
        if not before:
            raise Unverifiable(f"No log shipper is deployed: none of {', '.join(SHIPPERS)}.")
        writer = self._writer()
        writer.write_numbers(self._backend_image(), _LINES, _PER_SECOND, 0, self._labels)
        self._await(lambda: writer.phase() in ENDED, "the pod has written its lines")
        self._await(lambda: impostor.log().attempts >= _ATTEMPTS, "the shipper has tried")
        seen = impostor.log()
        self._keep("What the impostor got", pretty(asdict(seen)))
        impostor.delete()
        impostor.give_place_back()
        lines = self._find(writer, _LINES, patience=self._timeouts.recovery)
        return DeceivedShipper(seen, lines)

    def assert_nothing_given(self, found: DeceivedShipper) -> None:
        """The shipper has ended each handshake with the impostor, and sent it nothing."""
        got = found.impostor.requests
        passwords = sum(bool(each["password"]) for each in got)
        lines = sum(each["lines"] for each in got)
        require(
            not got,
            f"The log shipper has sent an impostor {len(got)} requests, {passwords} with its "
            f"password, and {lines} lines.",
        )
        require(found.impostor.refused, "The log shipper has not tried to reach the impostor.")

    def assert_lines_kept(self, found: DeceivedShipper) -> None:
        """The log store has every line once, after it is back in its place."""
        self.assert_each_once(found.lines)
