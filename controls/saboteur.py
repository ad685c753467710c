"""The saboteur: breaks one thing in a running system, and repairs it afterwards."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from acceptance.drivers.http import Http
from acceptance.drivers.kubernetes import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.kubectl import kubectl
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from acceptance.drivers.facts import PodFacts, WorkloadFacts
    from acceptance.settings import Timeouts
    from acceptance.system import System

_SERVER_FIELDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


class Saboteur:
    """Does what a mistake or an accident would do; leaving the context undoes all of it."""

    def __init__(self, system: System, run_folder: Path, timeouts: Timeouts) -> None:
        """Take aim at the `system` of the run in `run_folder`; nothing is broken yet."""
        self.system = system
        self._facts = run_folder / "system.json"
        self._timeouts = timeouts
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Begin with a system at full strength."""
        self.settle()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Repair what was broken, the last thing first, and wait until all is well."""
        self._undo.close()
        self.settle()

    def kubectl(self, *arguments: str, stdin: str | None = None, namespace: str = "") -> str:
        """Return what kubectl wrote, in the system's namespace or another."""
        where = f"--namespace={namespace or self.system.namespace}"
        return kubectl(
            Path(self.system.kubeconfig),
            self.system.context,
            [where, *arguments],
            timeout=self._timeouts.rollout,
            stdin=stdin,
        )

    def create(self, found: Mapping[str, Any]) -> None:
        """Create an object, to be deleted afterwards."""
        text = json.dumps(found)
        self._undo.callback(
            self.kubectl, "delete", "--ignore-not-found", "--filename=-", stdin=text
        )
        self.kubectl("create", "--filename=-", stdin=text)

    def patch(
        self, target: str, change: object, *, kind: str = "strategic", namespace: str = ""
    ) -> None:
        """Patch `target` (kind/name), to be put back as it was afterwards."""
        before = json.loads(self.kubectl("get", target, "--output=json", namespace=namespace))
        before.pop("status", None)
        for name in _SERVER_FIELDS:
            before["metadata"].pop(name, None)
        self._undo.callback(
            self.kubectl,
            *("replace", "--filename=-"),
            stdin=json.dumps(before),
            namespace=namespace,
        )
        text = json.dumps(change)
        self.kubectl("patch", target, f"--type={kind}", f"--patch={text}", namespace=namespace)

    def execute(self, pod: str, *command: str) -> str:
        """Return what a command wrote that ran in a pod's first container."""
        return self.kubectl("exec", pod, "--", *command)

    def claim(self, **facts: str) -> None:
        """Let the run believe something else about the system."""
        self._undo.callback(self.system.save, self._facts)
        replace(self.system, **facts).save(self._facts)  # type: ignore[arg-type]

    def password(self) -> str:
        """Return the database's password."""
        found = self.kubectl(
            "get", "secret/checkout-secrets", "--output=jsonpath={.data.DATABASE_PASSWORD}"
        )
        return base64.b64decode(found).decode("utf-8")

    def await_answer(self, host: str, path: str, status: int) -> None:
        """Wait until the ingress answers so; what it was told takes it a moment."""
        system, limit = self.system, self._timeouts
        http = Http(system.address, system.http_port, host, timeout=limit.request)
        with closing(http):
            eventually(
                lambda: http.send("GET", path),
                lambda reply: reply.status == status,
                timeout=limit.ingress,
                what=f"HTTP {status} for {host}{path}",
                error=EnvironmentFailure,
            )

    def await_restart(self, workload: str, name: str) -> None:
        """Wait until a pod serves again, after one of its containers was restarted."""
        namespace = self.system.namespace
        with self._cluster() as cluster, cluster.watch_pods(namespace) as wake:
            eventually(
                lambda: [p for p in cluster.pods(namespace, workload) if p.name == name],
                lambda pods: any(p.serving and p.containers[0].restarts for p in pods),
                timeout=self._timeouts.recovery,
                wake=wake,
                what=f"{name} restarted",
                error=EnvironmentFailure,
            )

    def afterwards(self, *arguments: str) -> None:
        """Run a kubectl command when the control is over."""
        self._undo.callback(self.kubectl, *arguments)

    def pods(self, workload: str) -> tuple[PodFacts, ...]:
        """Return the pods of a workload that serve."""
        with self._cluster() as cluster:
            found = cluster.pods(self.system.namespace, workload)
        return tuple(pod for pod in found if pod.serving)

    def settle(self) -> None:
        """Wait until no pod comes or goes and every workload is at full strength."""
        namespace = self.system.namespace

        def look() -> tuple[tuple[WorkloadFacts, ...], tuple[PodFacts, ...]]:
            return cluster.workloads(namespace), cluster.pods(namespace)

        with self._cluster() as cluster, cluster.watch_pods(namespace) as wake:
            eventually(
                look,
                lambda seen: (
                    all(each.full for each in seen[0]) and not any(pod.deleting for pod in seen[1])
                ),
                timeout=self._timeouts.rollout,
                wake=wake,
                what="the system settled",
                describe=lambda seen: "; ".join(str(each) for group in seen for each in group),
                error=EnvironmentFailure,
            )

    def _cluster(self) -> closing[Kubernetes]:
        kubeconfig, limit = Path(self.system.kubeconfig), self._timeouts.api
        return closing(Kubernetes(kubeconfig, self.system.context, timeout=limit))
