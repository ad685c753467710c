"""Checks which clients the programs with metrics answer, by asking as each client and as others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from acceptance.domains.observability.drivers.certified_access import (
    OPERATOR,
    CertifiedAccess,
)
from acceptance.domains.observability.drivers.pod_ports import secret_of
from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.domains.observability.logs.log_store_accounts import read_accounts
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.self_signed import self_signed
from acceptance.judgement import listed, require, require_each, unproven
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.port_forward import PodPort

_CLIENTS = OPERATOR.removeprefix("operator")
"""How the name of a Secret ends that has the certificate of a client."""
_SERVER = "prometheus-tls"
"""A Secret with a certificate by which its owner is known as a server."""
NOBODY, CLEAR, FOREIGN, SERVER = (
    "nobody",
    "nobody, unencrypted",
    "prometheus, by another authority",
    "a server",
)
_NEEDED = ("operator", "prometheus", NOBODY, CLEAR, FOREIGN, SERVER)
_BAD_REQUEST = 400
"""What Go's server says in clear text to who does not encrypt."""


@dataclass(frozen=True)
class _Client:
    name: str
    pair: str
    """Its key and certificate, as PEM; empty for none."""
    encrypted: bool = True


@dataclass(frozen=True)
class AskedProgram:
    """What a program said to one client."""

    client: str
    program: str
    """The job of Prometheus that scrapes it."""
    pod: str
    answered: bool | None
    """Whether it answered; None if it said something that is neither."""
    said: str


class MetricsClientTester(MetricsOperator):
    """Asks every program that Prometheus scrapes with TLS, as each client and as strangers."""

    def require_programs(self) -> None:
        """Prometheus answers the operator, and scrapes programs with TLS.

        Raises `Unverifiable` if there is no Prometheus. One without TLS is a fault.
        """
        endpoint = self._prometheus_endpoint
        require(
            endpoint.secure,
            f"{endpoint.name} serves plain HTTP: it knows no client, and everybody can listen.",
        )
        # A pod that has just started is no target yet.
        pools = self.prometheus().pools()
        last_seen(
            lambda: {each.pool for each in self.prometheus().targets().targets},
            lambda found: pools <= found,
            timeout=self._timeouts.observation,
        )
        require(self._targets(), "Prometheus scrapes no program with TLS.")

    def ask_as_everybody(self) -> tuple[AskedProgram, ...]:
        """Ask every program as every client, and as strangers; as the operator last.

        It is a failed check if a client has no certificate; raises `Unverifiable` if the suite may
        not read it.
        """
        targets = self._targets()
        access = CertifiedAccess(self._cluster, self._prometheus_endpoint.namespace)
        found: list[AskedProgram] = []
        try:
            ports = [(each, self._port(access, each)) for each in targets]
            for client in self._clients():
                for target, port in ports:
                    path = urlsplit(target.url).path
                    reply = access.send_as(client.pair, port, path, encrypted=client.encrypted)
                    answered = _answered(reply, encrypted=client.encrypted)
                    pod = target.label("pod")
                    found.append(AskedProgram(client.name, target.job, pod, answered, str(reply)))
        except Refused as error:
            raise unproven(f"The clients cannot be tried: {error}.", error) from error
        # A page is long, and who got one has got it.
        shown = [{**asdict(each), "said": each.said[:200]} for each in found]
        self._keep("What programs said to each client", pretty(shown))
        return tuple(found)

    def assert_answered(
        self, found: tuple[AskedProgram, ...], rows: Sequence[Sequence[str]]
    ) -> None:
        """The programs answer whom the table says, and nobody else."""
        table = read_accounts(rows, "client")
        unknown = sorted({job for _, job in table} - {each.program for each in found})
        require(not unknown, f"Prometheus does not scrape with TLS: {listed(unknown)}.")
        clients = {each.client for each in found}
        # Where there is no Grafana, it has no certificate.
        silent = sorted({each for each, _ in table if each in _NEEDED} - clients)
        require(not silent, f"Not tried: {listed(silent)}.")

        def fault(each: AskedProgram) -> str | None:
            wanted = table.get((each.client, each.program))
            if wanted is None:
                return f"the table does not say whether {each.program} answers {each.client}"
            if each.answered is None:
                return f"{each.program} neither answers nor refuses {each.client}: {each.said}"
            if each.answered != wanted:
                word = "answers" if each.answered else "does not answer"
                return f"{each.program} {word} {each.client}"
            return None

        require_each(found, fault, nothing="No program was asked.")

    def _targets(self) -> list[ScrapeTarget]:
        found = self.prometheus().targets()
        require(not found.refused, f"Prometheus does not return its targets: {found.refused}.")
        return [
            each
            for each in found.targets
            if each.job != PROBES and each.label("pod") and each.url.startswith("https:")
        ]

    @staticmethod
    def _port(access: CertifiedAccess, target: ScrapeTarget) -> PodPort:
        number = urlsplit(target.url).port or 443
        return access.pod_port(target.label("namespace"), target.label("pod"), number)

    def _clients(self) -> Iterator[_Client]:
        namespace = self._prometheus_endpoint.namespace
        names = [
            each["metadata"]["name"] for each in self._cluster.items(api_path("secrets", namespace))
        ]
        yield _Client(NOBODY, "")
        yield _Client(CLEAR, "", encrypted=False)
        yield _Client(FOREIGN, self_signed("prometheus"))
        yield _Client(SERVER, self._pair(namespace, _SERVER))
        clients = sorted(each for each in names if each.endswith(_CLIENTS))
        for name in sorted(clients, key=OPERATOR.__eq__):  # that it is answered still says
            yield _Client(name.removesuffix(_CLIENTS), self._pair(namespace, name))

    def _pair(self, namespace: str, secret: str) -> str:
        values = secret_of(self._cluster, namespace, secret)
        try:
            return values["tls.key"] + values["tls.crt"]
        except KeyError as error:
            raise Refused(f"the Secret {namespace}/{secret} has no {error}") from error


def _answered(reply: Reply, *, encrypted: bool) -> bool | None:
    if reply.succeeded:
        return True
    if reply.status is None or (not encrypted and reply.status == _BAD_REQUEST):
        return False
    return None
