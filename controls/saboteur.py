"""Breaks one thing in a running system, and repairs it afterwards."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from acceptance.build.kubectl import kubectl
from acceptance.domains.traffic.ingress_client import reach, reach_plain
from acceptance.drivers.http import Http
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.drivers.kubernetes.facts import at_full_strength
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually
from controls import edits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from acceptance.drivers.kubernetes.facts import PodFacts, WorkloadFacts
    from acceptance.settings import Timeouts
    from acceptance.system import System

T = TypeVar("T")

_SERVER_FIELDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


class Saboteur:
    """Makes the mistakes of a team; leaving the context undoes all of them."""

    def __init__(self, system: System, run_folder: Path, timeouts: Timeouts) -> None:
        """Work on the `system` of the run in `run_folder`; nothing is broken yet."""
        self.system = system
        self._facts = run_folder / "system.json"
        self._timeouts = timeouts
        self._undo = ExitStack()
        self._copy: Path | None = None

    def __enter__(self) -> Self:
        """Wait until the system has all of its pods."""
        self.settle()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Undo the changes, the last one first, and wait until the system has all of its pods."""
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

    def create(self, found: Mapping[str, Any], *, namespace: str = "") -> None:
        """Create an object, to be deleted afterwards."""
        text = json.dumps(found)
        self._undo.callback(
            self.kubectl,
            *("delete", "--ignore-not-found", "--filename=-"),
            stdin=text,
            namespace=namespace,
        )
        self.kubectl("create", "--filename=-", stdin=text, namespace=namespace)

    def patch(
        self, target: str, change: object, *, kind: str = "strategic", namespace: str = ""
    ) -> None:
        """Patch `target` (kind/name), to be put back as it was afterwards."""
        before = self._definition(target, namespace)
        self._undo.callback(
            self.kubectl, "replace", "--filename=-", stdin=before, namespace=namespace
        )
        text = json.dumps(change)
        self.kubectl("patch", target, f"--type={kind}", f"--patch={text}", namespace=namespace)

    def remove(self, target: str, *, namespace: str = "") -> None:
        """Delete `target` (kind/name), to be made again as it was afterwards."""
        before = self._definition(target, namespace)
        self._undo.callback(
            self.kubectl, "create", "--filename=-", stdin=before, namespace=namespace
        )
        self.kubectl("delete", target, namespace=namespace)

    def execute(self, pod: str, *command: str) -> str:
        """Return what a command wrote that ran in a pod's first container."""
        return self.kubectl("exec", pod, "--", *command)

    def override_facts(self, **facts: str | tuple[str, ...]) -> None:
        """Give the run other facts about the system."""
        self._undo.callback(self.system.save, self._facts)
        replace(self.system, **facts).save(self._facts)  # type: ignore[arg-type]

    def temporary_folder(self, parent: Path | None = None) -> Path:
        """Return a new folder, to be removed afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="acceptance-sabotage-", dir=parent))
        self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def await_object(self, target: str, *, namespace: str) -> None:
        """Wait until `target` (kind/name) exists, which the cluster creates."""
        self.kubectl("wait", "--for=create", target, "--timeout=30s", namespace=namespace)

    def repository(self) -> Path:
        """Let the run judge a copy of the repository, and return its folder.

        The copy has the committed files; whatever is installed beside them is shared. There is one
        copy, so that one mistake may be in several files.
        """
        if self._copy is not None:
            return self._copy
        folder = Path(tempfile.mkdtemp(prefix="acceptance-copy-"))
        self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
        self._copy = edits.copy_repository(self.system.sources, folder)
        self.override_facts(repository=str(self._copy))
        return self._copy

    def edit(self, name: str, old: str, new: str) -> None:
        """Let the run judge a copy of the repository in which a text of one file is another."""
        edits.replace(self.repository() / name, old, new)

    def change_pods(self, workload: str, spec: Mapping[str, Any]) -> None:
        """Change what a Deployment makes its pods of, and wait for them."""
        self.patch(f"deployment/{workload}", {"spec": {"template": {"spec": spec}}})
        self.settle()

    def environment(self, **values: str) -> None:
        """Set variables of the environment in which the scenario is to run."""
        for name, value in values.items():
            before = os.environ.get(name)
            if before is None:
                self._undo.callback(os.environ.pop, name, None)
            else:
                self._undo.callback(os.environ.__setitem__, name, before)
            os.environ[name] = value

    def use(self, what: AbstractContextManager[T]) -> T:
        """Enter a context that is left when everything else is repaired."""
        return self._undo.enter_context(what)

    def password(self) -> str:
        """Return the database's password."""
        return self.secret("DATABASE_PASSWORD")

    def database_user(self) -> str:
        """Return the role that logs in to the database."""
        path = "--output=jsonpath={.data.DATABASE_USER}"
        return self.secret("DATABASE_USER") or self.kubectl("get", "cm/checkout-config", path)

    def secret(self, key: str, *, of: str = "checkout-secrets") -> str:
        """Return the value of a key of a Secret; empty if there is no such key."""
        escaped = key.replace(".", "\\.")
        path = f"--output=jsonpath={{.data.{escaped}}}"
        found = self.kubectl("get", f"secret/{of}", path)
        return base64.b64decode(found).decode("utf-8")

    def await_answer(self, host: str, path: str, status: int) -> None:
        """Wait until the ingress gives this status; a change reaches it after a moment."""
        with closing(reach(self.system, timeout=self._timeouts.request)) as http:
            self._await(http, host, path, status)

    def await_plain_answer(self, path: str, status: int, *, host: str = "", port: int = 0) -> None:
        """Wait until the ingress gives this status to an unencrypted request.

        `host` replaces the system's name. With `port`, that one of the published address is asked.
        """
        system, limit = self.system, self._timeouts.request
        known = reach_plain(system, timeout=limit)
        other = Http(system.published, port, system.host, timeout=limit) if port else known
        with closing(known), closing(other):
            self._await(other, host or system.host, path, status)

    def await_restart(self, workload: str, name: str) -> None:
        """Wait until a pod serves again, after one of its containers was restarted."""
        namespace = self.system.namespace
        with self._cluster() as cluster, cluster.watch(namespace) as wake:
            eventually(
                lambda: [p for p in cluster.pods(namespace, workload) if p.name == name],
                lambda pods: any(p.serving and p.containers[0].restarts for p in pods),
                timeout=self._timeouts.recovery,
                wake=wake,
                what=f"{name} restarted",
                error=EnvironmentFailure,
            )

    def await_refusal(self, found: Mapping[str, Any], *, namespace: str) -> None:
        """Wait until no such object is admitted any more; a policy takes effect after a moment."""
        text = json.dumps(found)

        def refused() -> bool:
            try:
                self.kubectl(
                    *("create", "--dry-run=server", "--filename=-"), stdin=text, namespace=namespace
                )
            except EnvironmentFailure:
                return True
            return False

        eventually(
            refused,
            bool,
            timeout=self._timeouts.policy,
            what=f"{found['kind']} {found['metadata']['name']} refused",
            error=EnvironmentFailure,
        )

    def afterwards(self, *arguments: str, namespace: str = "") -> None:
        """Run a kubectl command when the control is over."""
        self._undo.callback(self.kubectl, *arguments, namespace=namespace)

    def pods(self, workload: str) -> tuple[PodFacts, ...]:
        """Return the pods of a workload that serve."""
        with self._cluster() as cluster:
            found = cluster.pods(self.system.namespace, workload)
        return tuple(pod for pod in found if pod.serving)

    def settle(self) -> None:
        """Wait until no pod is starting or ending, and every workload has all of its pods."""
        namespace = self.system.namespace

        def look() -> tuple[tuple[WorkloadFacts, ...], tuple[PodFacts, ...]]:
            return cluster.workloads(namespace), cluster.pods(namespace)

        with self._cluster() as cluster, cluster.watch(namespace) as wake:
            eventually(
                look,
                lambda seen: (
                    at_full_strength(seen[0], self.system.names)
                    and not any(pod.deleting for pod in seen[1])
                ),
                timeout=self._timeouts.rollout,
                wake=wake,
                what="the system settled",
                describe=lambda seen: "; ".join(str(each) for group in seen for each in group),
                error=EnvironmentFailure,
            )

    def _definition(self, target: str, namespace: str) -> str:
        """Return an object without the fields that the server adds."""
        found = json.loads(self.kubectl("get", target, "--output=json", namespace=namespace))
        found.pop("status", None)
        for name in _SERVER_FIELDS:
            found["metadata"].pop(name, None)
        return json.dumps(found)

    def _await(self, http: Http, host: str, path: str, status: int) -> None:
        eventually(
            lambda: http.send("GET", path, host=host),
            lambda reply: reply.status == status,
            timeout=self._timeouts.ingress,
            what=f"HTTP {status} for {host}{path}",
            error=EnvironmentFailure,
        )

    def _cluster(self) -> closing[Kubernetes]:
        kubeconfig, limit = Path(self.system.kubeconfig), self._timeouts.api
        return closing(Kubernetes(kubeconfig, self.system.context, timeout=limit))


def psql(statement: str) -> tuple[str, ...]:
    """Return the command that runs a statement in the database's own pod, as its superuser."""
    where = ("--host=/run/postgresql", "--username=postgres", "--dbname=checkout")
    return ("psql", *where, "--set=ON_ERROR_STOP=1", f"--command={statement}")
