"""Causes of alerts: each breaks one thing of the running system on purpose, and can cure it."""

from __future__ import annotations

import threading
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.alert_listener import AlertListener
from acceptance.domains.observability.drivers.alert_volumes import SmallVolume
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.kubernetes.cert_manager import issue_short_certificate
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import hardened_pod
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.observability.alert_listener import AlertReception

_NOWHERE = {"acceptance.checkout/nowhere": "true"}
"""A label that no node has."""
_TABLES = "checkouts, items, payments"
MAINTENANCE = "postgres"
"""The database that is there whatever the system calls its own."""
_VISITS_PER_SECOND = 5.0
SLOW_SECONDS = 0.3
"""What the service level for latency allows a request, in seconds."""
_LOCKED_SECONDS, _LOCKS = 0.6, 400
_LOCK = "acceptance: the tables are locked"


@dataclass(frozen=True)
class Visits:
    """How many requests visitors sent, and how many took longer than the service level allows."""

    requests: int
    slow: int


@dataclass
class Cause:
    """What was broken: since when, which labels its alert has to have, and how it is cured."""

    since: float
    """When it was in force, by the monotonic clock."""
    labels: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    """What somebody who follows the alert's page sets in the shell first."""
    cure: ExitStack = field(default_factory=ExitStack)


class AlertCauses(AlertListener, IngressActor):
    """Knows the causes by the words that a scenario has for them."""

    def cause(self, words: str, reception: AlertReception) -> Cause:
        """Break what `words` say; its cure is carried out at the latest when the scenario ends.

        Raises `Unverifiable` if it cannot be broken.
        """
        causes = self._causes()
        made = Cause(0.0, {}, {"NAMESPACE": self.system.namespace})
        self._undo.push(made.cure)
        try:
            causes[words](made, reception.namespace)
        except (Refused, EnvironmentFailure) as error:
            raise Unverifiable(f"It cannot be brought about that {words}: {error}") from error
        made.since = made.since or SYSTEM_CLOCK.now()
        return made

    def _causes(self) -> dict[str, Callable[[Cause, str], None]]:
        return {
            "no backend pod runs": self._stop_backend,
            "no frontend pod runs": self._stop_frontend,
            "the database does not run": self._stop_database,
            "the database refuses the backend its tables": self._refuse_tables,
            "the database answers late": self._lock_tables,
            "a volume is written full": self._fill_volume,
            "a certificate is issued for an hour only": self._issue_short_certificate,
            "the last backup is 30 hours old": self._age_backup,
            "a backend pod does not serve its metrics": self._add_mute_pod,
            "no node exporter runs": self._stop_node_exporter,
        }

    def visit_steadily(self) -> Callable[[], Visits]:
        """Have visitors make and read checkouts until the scenario ends.

        Returns a function that stops them and returns how they fared.
        """
        ended = threading.Event()
        seconds: list[float] = []

        def visit() -> None:
            known = ""
            while not ended.wait(1 / _VISITS_PER_SECOND):
                created = self._api.create("A steady visitor")
                known = (created.json() or {}).get("id", "") if created.succeeded else known
                read = self._api.checkout(known or str(uuid.uuid4()))
                seconds.extend((created.seconds, read.seconds))

        thread = threading.Thread(target=visit, daemon=True)
        thread.start()

        def stop() -> Visits:
            ended.set()
            thread.join(2 * self._timeouts.request)
            return Visits(len(seconds), sum(each > SLOW_SECONDS for each in seconds))

        self._undo.callback(stop)
        return stop

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
        for pod in self._pods(name):
            self._cluster.delete(api_path("pods", self.system.namespace, pod.name), grace=0)

    def _refuse_tables(self, made: Cause, _: str) -> None:
        """Take the rights to the tables away, so that every request for a checkout fails."""
        owner = self._sql("SELECT tableowner FROM pg_tables WHERE tablename = 'checkouts'")
        if not owner:
            raise Unverifiable("The database has no table checkouts.")
        made.cure.callback(self._sql, f"GRANT ALL ON {_TABLES} TO {owner[0]}")
        self._sql(f"REVOKE ALL ON {_TABLES} FROM {owner[0]}")

    def _lock_tables(self, made: Cause, _: str) -> None:
        """Lock the tables again and again, so that every request for a checkout waits."""
        statement = (
            f"DO $$ /* {_LOCK} */ BEGIN FOR n IN 1..{_LOCKS} LOOP "
            f"LOCK TABLE checkouts IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep({_LOCKED_SECONDS}); "
            "COMMIT; END LOOP; END $$"
        )

        def lock() -> None:
            with suppress(EnvironmentFailure, Unverifiable):  # it ends by being ended
                self._sql(statement, timeout=_LOCKS * _LOCKED_SECONDS)

        thread = threading.Thread(target=lock, daemon=True)
        made.cure.callback(thread.join, self._timeouts.query)
        made.cure.callback(
            self._sql,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - own words
            f"WHERE query LIKE 'DO $$ /* {_LOCK}%'",
        )
        thread.start()

    def _fill_volume(self, made: Cause, namespace: str) -> None:
        """Make a small volume, and write it full."""
        volume = SmallVolume(self.system, self._cluster, namespace, timeout=self._timeouts.command)
        made.cure.callback(volume.remove)
        volume.create(self._backend_image())
        self._awaited(lambda: volume.full, bool, "a volume is full")
        made.labels = {"persistentvolumeclaim": volume.claim, "namespace": namespace}
        made.variables |= {"NAMESPACE": namespace, "CLAIM": volume.claim}

    def _issue_short_certificate(self, made: Cause, namespace: str) -> None:
        made.labels = {"name": "acceptance-short"}
        made.variables |= {"NAMESPACE": namespace, "CERTIFICATE": made.labels["name"]}
        made.cure.callback(
            self._cluster.delete, api_path("certificates", namespace, made.labels["name"])
        )
        issue_short_certificate(self._cluster, namespace, made.labels["name"])

    def _age_backup(self, made: Cause, _: str) -> None:
        """Date all recorded backups back; without one, record one that is old."""
        made.labels = {"namespace": self.system.namespace}
        self._restore_backups(made)
        older = "finished_at = finished_at - interval '30 hours'"
        if not self._sql(f"UPDATE backups SET {older} RETURNING 1", MAINTENANCE):  # noqa: S608
            old = "INSERT INTO backups (finished_at) VALUES (now() - interval '30 hours')"
            self._sql(old, MAINTENANCE)

    def _restore_backups(self, made: Cause) -> None:
        """Have the cure record exactly the backups that are recorded now."""
        recorded = self._sql("SELECT finished_at FROM backups", MAINTENANCE)
        moments = ", ".join(f"'{each}'" for each in recorded)
        back = f"SELECT unnest(ARRAY[{moments}]::timestamptz[])"
        cure = f"DELETE FROM backups; INSERT INTO backups (finished_at) {back}"  # noqa: S608
        made.cure.callback(self._sql, cure, MAINTENANCE)

    def _add_mute_pod(self, made: Cause, _: str) -> None:
        """Add a pod that looks like the backend's and takes no connection."""
        name = f"acceptance-mute-{uuid.uuid4().hex[:6]}"
        model = self._cluster.pod_objects(self.system.namespace, self.system.workloads.backend)[0]
        labels = {
            key: value
            for key, value in model["metadata"]["labels"].items()
            if key != "pod-template-hash"
        }
        own = model["spec"]["containers"][0]
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
