"""Causes of alerts about programs: they are stopped, or do not get what they need."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl
from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.alerts.resource_causes import ResourceCauses
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.drivers.database import as_superuser
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import hardened_pod
from acceptance.drivers.kubernetes.reading import main_container
from acceptance.errors import AcceptanceError, EnvironmentFailure
from acceptance.judgement import Unverifiable

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.observability.alerts.cause import Cause
    from acceptance.drivers.kubernetes.facts import PodFacts

_NOWHERE = {"acceptance.checkout/nowhere": "true"}
"""A label that no node has."""
_LOCKED_SECONDS, _LOCKS = 0.6, 600
_LOCK = "acceptance: the tables are locked"
_BYSTANDER, _SESSIONS, _STAY_SECONDS = "acceptance-bystander", 2, 300
_BYSTANDERS = (
    f"export PGAPPNAME={_BYSTANDER}; "
    'run() { psql --no-psqlrc --dbname="$own"; }; '
    f"(echo 'SELECT pg_sleep({_STAY_SECONDS});' | run) & "
    f"for n in $(seq {_STAY_SECONDS}); do sleep 1; echo 'SELECT 1;'; done | run"
)
"""Two sessions of psql: one that is idle nearly always, and one that is busy.

The idle one asks now and then, or psql would not notice that its session was ended.
"""


class AlertCauses(ResourceCauses):
    """Stops programs, and breaks what the backend needs."""

    def _causes(self) -> dict[str, Callable[[Cause, str], None]]:
        return {
            **super()._causes(),
            "no backend pod runs": self._stop_backend,
            "no frontend pod runs": self._stop_frontend,
            "the database does not run": self._stop_database,
            "the database refuses the backend its tables": self._refuse_tables,
            "the database answers late": self._lock_tables,
            "a backend pod does not serve its metrics": self._add_mute_pod,
            "no node exporter runs": self._stop_node_exporter,
        }

    def _stop_backend(self, made: Cause, _: str) -> None:
        self._stop(self.system.workloads.backend, made)

    def _stop_frontend(self, made: Cause, _: str) -> None:
        made.labels = {"endpoint": "page"}
        self._stop(self.system.workloads.frontend, made)

    def _stop_database(self, made: Cause, _: str) -> None:
        self._stop(self.system.workloads.database, made)

    def _stop(self, name: str, made: Cause) -> None:
        """Leave no pod of a workload; the cure ends when all of its pods serve again."""
        found = self._workload(name)
        where = (found.kind, self.system.namespace, name)
        made.cure.callback(self.serving_when_full, name)
        made.cure.callback(self._cluster.scale, *where, found.wanted)
        self._cluster.scale(*where, 0)

        def end_pods() -> tuple[PodFacts, ...]:
            """End what is there: a pod made before the new scale was known would serve on."""
            pods = self._pods(name)
            for pod in pods:
                self._cluster.delete(api_path("pods", self.system.namespace, pod.name), grace=0)
            return pods

        self._awaited(end_pods, lambda pods: not pods, f"{name} has no pod left")

    def _tables(self) -> tuple[str, ...]:
        names = ("checkouts", "items", "payments")
        return tuple(self.system.contract.part(f"database.{each}") for each in names)

    def _refuse_tables(self, made: Cause, _: str) -> None:
        """Take the rights to the tables away, so that every request for a checkout fails."""
        names = self._tables()
        checkouts, tables = names[0], ", ".join(names)
        owner = self._sql(
            f"SELECT tableowner FROM pg_tables WHERE tablename = '{checkouts}'"  # noqa: S608 - a name
        )
        if not owner:
            raise AssertionError(f"The database has no table {checkouts}.")
        made.cure.callback(self._sql, f"GRANT ALL ON {tables} TO {owner[0]}")
        self._sql(f"REVOKE ALL ON {tables} FROM {owner[0]}")

    def _lock_tables(self, made: Cause, _: str) -> None:
        """Lock the tables again and again, so that every request for a checkout waits."""
        statement = (
            f"DO $$ /* {_LOCK} */ BEGIN FOR n IN 1..{_LOCKS} LOOP "
            f"LOCK TABLE {self._tables()[0]} IN ACCESS EXCLUSIVE MODE; "
            f"PERFORM pg_sleep({_LOCKED_SECONDS}); "
            "COMMIT; END LOOP; END $$"
        )

        def lock() -> None:
            with suppress(AcceptanceError, AssertionError):  # it ends by being ended
                self._sql(statement, timeout=_LOCKS * _LOCKED_SECONDS)

        sessions = f"FROM pg_stat_activity WHERE query LIKE 'DO $$ /* {_LOCK}%'"
        thread = threading.Thread(target=lock, daemon=True)
        made.cure.callback(thread.join, self._timeouts.query)
        made.cure.callback(self._sql, f"SELECT pg_terminate_backend(pid) {sessions}")
        bystanders = self._add_bystanders(made)
        thread.start()
        made.unmended = lambda _: (
            "the tables are still locked" if self._sql(f"SELECT 1 {sessions}") else bystanders()
        )

    def _add_bystanders(self, made: Cause) -> Callable[[], str]:
        """Open sessions that lock nothing: one that is idle, and one that works for long.

        Returns a function that says whether somebody ended them; empty if nobody did.
        """
        system, pod = self.system, self._ready_database_pod()
        where = [f"--namespace={system.namespace}", "exec", pod.name]
        where += [f"--container={pod.main.name}", "--", "sh", "-c"]
        where.append(as_superuser(system.contract) + _BYSTANDERS)

        def stay() -> None:
            with suppress(EnvironmentFailure):  # they end by being ended
                kubectl(Path(system.kubeconfig), system.context, where, timeout=_STAY_SECONDS)

        thread = threading.Thread(target=stay, daemon=True)
        made.cure.callback(thread.join, self._timeouts.query)
        sessions = f"FROM pg_stat_activity WHERE application_name = '{_BYSTANDER}'"
        made.cure.callback(self._sql, f"SELECT pg_terminate_backend(pid) {sessions}")
        thread.start()

        def count() -> int:
            return int(self._sql(f"SELECT count(*) {sessions}")[0])

        self._awaited(count, lambda found: found == _SESSIONS, "sessions of bystanders are open")
        said = "it ended sessions that had locked nothing"
        return lambda: "" if count() == _SESSIONS else said

    def _add_mute_pod(self, made: Cause, _: str) -> None:
        """Add a pod that looks like the backend's and takes no connection."""
        name = f"acceptance-mute-{uuid.uuid4().hex[:6]}"
        model = self._cluster.pod_objects(self.system.namespace, self.system.workloads.backend)[0]
        labels = {
            key: value
            for key, value in model["metadata"]["labels"].items()
            if key != "pod-template-hash"
        }
        own = main_container(model, self.system.workloads.backend) or {}
        body = hardened_pod(
            name,
            own["image"],
            ["sleep", "600"],
            labels={**labels, RUN_LABEL: self.system.run},
            ports=own["ports"],
            # Never ready, so that no Service sends visitors to it.
            readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 60},
        )
        path = api_path("pods", self.system.namespace, name)
        made.unmended = lambda _: f"{name} still runs" if self._cluster.read(path) else ""
        made.labels = {"pod": name}
        made.variables["POD"] = name
        made.cure.callback(self._cluster.delete, path, grace=0)
        self._cluster.create(api_path("pods", self.system.namespace), body)

        def running() -> bool:
            found = self._cluster.read(path)
            return bool(found and found["status"].get("podIP"))

        self._awaited(running, bool, "a pod without metrics runs")

    def _stop_node_exporter(self, made: Cause, _: str) -> None:
        made.labels = {"job": "node"}
        label = "app.kubernetes.io/name=node-exporter"
        found = self._cluster.items(api_path("daemonsets"), labelSelector=label)
        if not found:
            raise Unverifiable("No node exporter is deployed.")
        metadata = found[0]["metadata"]
        path = api_path("daemonsets", metadata["namespace"], metadata["name"])
        made.variables |= {
            "NAMESPACE": metadata["namespace"],
            "WORKLOAD": f"daemonset/{metadata['name']}",
        }
        nowhere = {"spec": {"template": {"spec": {"nodeSelector": _NOWHERE}}}}
        somewhere = {"spec": {"template": {"spec": {"nodeSelector": None}}}}
        made.cure.callback(self._cluster.patch, path, somewhere)
        self._cluster.patch(path, nowhere)
        pods = ProgramPods(self._cluster, ("node-exporter",))
        pods.kill()
        self._awaited(pods.list, lambda found: not found, "no node exporter runs")
