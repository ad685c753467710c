"""Has an account refused over and over, and checks that each refusal is counted once."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.domains.observability.stack.killed_programs import REFUSALS
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.identity import create_token
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, unproven
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.drivers.prometheus import Prometheus
    from acceptance.domains.observability.stack.killed_programs import KilledPrograms
    from acceptance.drivers.kubernetes.client import Kubernetes

_METRIC = "kubernetes_audit_events_total"
_FORBIDDEN = 403
_PAUSE_SECONDS = 0.1
_FEWEST = 5
"""So many refusals before the kill, and after it, or it was not in the middle."""


class RefusedAccount:
    """An account that is refused again and again, until it is ended."""

    def __init__(self, user: str, client: Kubernetes, path: str) -> None:
        """Begin to ask for `path`, which the client's account may not read."""
        self.user = user
        self.times: list[float] = []
        """When each request was refused, as Unix time by the clock of the run."""
        self._client = client
        self._path = path
        self._problem = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="refused account", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait for the current request; may be called again.

        Raises `Unverifiable` if a request was not refused: then it is unknown what has to count.
        """
        self._ended.set()
        self._thread.join()
        if self._problem:
            raise Unverifiable(self._problem)

    def close(self) -> None:
        """End it, whatever it has met."""
        self._ended.set()
        self._thread.join()
        self._client.close()

    def _ask(self) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            reply = self._client.ask(self._path)
            if reply.status != _FORBIDDEN:
                self._problem = f"The account should have been refused: {reply}."
                return
            self.times.append(time.time())


@dataclass(frozen=True)
class CountedRefusals:
    """How often an account was refused, and how often Prometheus says so."""

    user: str
    refused: int
    counted: float


class RefusalCounter(MetricsOperator):
    """Is refused under an account of its own."""

    def begin_refusals(self, reception: AlertReception) -> RefusedAccount:
        """Begin to be refused, with an account in the namespace of the receiver.

        Raises `Unverifiable` if this cluster allows no such account.
        """
        where, name = reception.namespace, f"refused-{uuid.uuid4().hex[:6]}"
        user = f"system:serviceaccount:{where}:{name}"
        body = {"metadata": {"name": name}}
        try:
            self._cluster.create(api_path("serviceaccounts", where), body)
            token = create_token(self._cluster, where, name)
        except Refused as error:
            raise unproven(f"No account can be refused: {error}.", error) from error
        self._context.tell_secrets([token])
        client = self._cluster.with_token(token)
        account = RefusedAccount(user, client, api_path("pods", where))
        self._undo.callback(account.close)
        return account

    def count_refusals(self, account: RefusedAccount, killed: KilledPrograms) -> CountedRefusals:
        """End the refusals, and wait until Prometheus has counted them or until the deadline.

        Raises `Unverifiable` if the exporter was not killed in the middle of them.
        """
        for each in killed.keeping(REFUSALS):
            before = sum(at < each.at for at in account.times)
            if min(before, len(account.times) - before) < _FEWEST:
                message = f"The account was not refused before and after {each.row.program} was "
                raise Unverifiable(f"{message}killed.")
        account.end()
        client = self.prometheus()
        last_seen(
            lambda: self._counted(client, account.user),
            lambda counted: counted == len(account.times),
            timeout=self._timeouts.observation,
        )
        # What is counted twice may come with the next scrape.
        SYSTEM_CLOCK.pause(max(each.interval for each in client.targets().targets))
        counted = self._counted(client, account.user)
        found = CountedRefusals(account.user, len(account.times), counted)
        self._keep("Refused requests, and what was counted", pretty(asdict(found)))
        return found

    def assert_each_counted_once(self, found: CountedRefusals) -> None:
        """Prometheus has counted as many requests as were refused."""
        require(found.refused, "No request was refused.")
        require(
            found.counted == found.refused,
            f"{found.refused} requests of {found.user} were refused, and {found.counted:g} are "
            "counted.",
        )

    def _counted(self, client: Prometheus, user: str) -> float:
        answer = client.query(f'sum({_METRIC}{{user="{user}"}})')
        return sum(each.value for each in answer.samples)
