"""Loses pods and the database server without a warning, as a crash or a lost node would."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.workloads.drivers.durability import read_start
from acceptance.domains.workloads.pods import PodOperator
from acceptance.drivers import database
from acceptance.drivers.container_signals import container_ids, kill_containers
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.domains.workloads.pods import PodReplacement
    from acceptance.drivers.kubernetes.facts import PodFacts

_ROLE = "database"
_LEAST_GRACE = 1
"""Seconds. With 0 the API server forgets a pod that still runs, beside the one in its place: two
servers on one volume (Kubernetes: "Force Delete StatefulSet Pods")."""
_LOOK_SECONDS = 0.5


class CrashOperator(PodOperator):
    """Kills processes and pods, and waits until they are back."""

    def kill_pod(self, role: str) -> PodReplacement:
        """Kill every process of a ready pod, delete it, and wait for another one in its place.

        Without a way into the node, the pod is only deleted without a grace period.
        """
        return self._replace(role, self._kill)

    def crash_database_pod(self) -> PodReplacement:
        """Stop the database's processes where they are, delete their pod, and wait for another.

        Nothing is written at the end, as on a node that loses its power.
        """

        def lose(pod: PodFacts) -> None:
            database.freeze_servers(*self._where(pod), timeout=self._timeouts.execute)
            path = api_path("pods", self.system.namespace, pod.name)
            self._cluster.delete(path, grace=_LEAST_GRACE)

        return self._replace(_ROLE, lose)

    def kill_database_server(self) -> None:
        """Kill the database server, and wait until it and the backend are back.

        Its pod is replaced when the scenario ends, because no other scenario expects a restart.
        """
        name, needing = self.system.named(_ROLE), self.system.named("backend")
        ready = self.serving_when_full(name)
        pods = [pod for pod in self._pods(name) if pod.name in ready]
        require(pods, f"There is no ready pod of {name} to crash.")
        since = {pod.uid: pod.ready_since for pod in self._pods(needing)}
        before = read_start(self._sql)
        self._undo.callback(self._renew_database)
        with self._waking() as wake:
            database.kill_servers(*self._where(pods[0]), timeout=self._timeouts.execute)
            after = eventually(
                self._start,
                lambda start: start not in {"", before},
                timeout=self._timeouts.recovery,
                wake=wake,
                resync=_LOOK_SECONDS,
                what=f"the server of {pods[0].name} runs again after it was killed",
                describe=lambda start: f"it has run since {start}" if start else "it does not run",
            )
            eventually(
                self._workloads,
                self._at_full_strength,
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the database server was killed",
                describe=lambda found: "; ".join(map(str, found)),
            )
            self._await_noticed(needing, since, wake)
        self._keep("Since when the database server runs", f"{before}\n{after}", "text")

    def _renew_database(self) -> None:
        """Replace the database's pod; if it does not run, the scenario has said so."""
        with suppress(AssertionError):
            self.delete_pod(_ROLE)

    def _kill(self, pod: PodFacts) -> None:
        namespace = self.system.namespace
        if self.system.inside:
            found = self._cluster.pod_objects(namespace, pod.workload)
            ids = [i for e in found if e["metadata"]["uid"] == pod.uid for i in container_ids(e)]
            try:
                kill_containers(self.system, ids, timeout=self._timeouts.execute)
            except Refused as error:
                raise Unverifiable(f"The pod {pod.name} cannot be killed: {error}.") from error
        self._cluster.delete(api_path("pods", namespace, pod.name), grace=0)

    def _start(self) -> str:
        """Return since when the database server runs; empty while it does not answer."""
        try:
            return read_start(self._sql)
        except (AssertionError, SystemFailure, EnvironmentFailure):
            return ""

    def _where(self, pod: PodFacts) -> tuple[Path, str, str, str, str]:
        system = self.system
        return (
            Path(system.kubeconfig),
            system.context,
            system.namespace,
            pod.name,
            pod.main.name,
        )
