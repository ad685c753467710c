"""Sabotages of probes that are there and pass, and that the domain workloads has to detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.pods import hardened_pod
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-001-AC-7"
_DECLARED = "Every container has its probes and passes them"
_OUTAGE = "The backend reports not ready while the database is down"
_STUCK = "The probes of a stuck container fail"
_CONTAINER = "/spec/template/spec/containers/0"


@control(
    _ITEM,
    _OUTAGE,
    expects=r"The liveness probe of backend-\S+ failed \d+ times while|restarted \d+ times while",
)
def liveness_probe_with_database(saboteur: Saboteur) -> None:
    """Use the backend's readiness path, which asks the database, as its liveness probe."""
    _replace(saboteur, "deployment/backend", "livenessProbe/httpGet/path", "/readyz")


@control(
    _ITEM,
    _STUCK,
    expects=r"frontend-\S+/frontend was stuck for \d+ s, and its liveness probe did not fail",
)
def liveness_probe_that_always_passes(saboteur: Saboteur) -> None:
    """Declare the liveness probe that a rule demands with a command that never fails."""
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 10}
    _replace(saboteur, "deployment/frontend", "livenessProbe", probe)


@control(
    _ITEM,
    _STUCK,
    expects=r"database-0/database was stuck for \d+ s, and its liveness probe did not fail",
)
def liveness_probe_of_another_container(saboteur: Saboteur) -> None:
    """Probe the port of the exporter beside the database."""
    probe = {"tcpSocket": {"port": 9187}, "periodSeconds": 10}
    _replace(saboteur, "statefulset/database", "livenessProbe", probe)


@control(
    _ITEM,
    _STUCK,
    expects=r"backend-\S+/backend was stuck for \d+ s, and its readiness probe did not fail",
)
def readiness_probe_that_only_connects(saboteur: Saboteur) -> None:
    """Probe whether the backend's port is open, which the kernel answers for a stuck program."""
    probe = {"tcpSocket": {"port": "http"}, "periodSeconds": 2}
    _replace(saboteur, "deployment/backend", "readinessProbe", probe)


@control(
    _ITEM,
    _DECLARED,
    expects=r"backend-\S+/backend needed [0-9.]+ s to start, and its startup probe restarts it",
)
def startup_probe_with_little_time(saboteur: Saboteur) -> None:
    """Allow the backend just the time that it needs to start on a node that is not busy."""
    command = ["sh", "-c", "sleep 15; exec python -m checkout_backend"]
    _change(
        saboteur,
        "deployment/backend",
        {"op": "add", "path": f"{_CONTAINER}/command", "value": command},
        {"op": "replace", "path": f"{_CONTAINER}/startupProbe/failureThreshold", "value": 28},
    )


@control(
    _ITEM,
    _DECLARED,
    expects=r"frontend-\S+/frontend needed [0-9.]+ s to start, and its liveness probe restarts it",
)
def liveness_probe_with_little_time(saboteur: Saboteur) -> None:
    """Let an impatient liveness probe watch the start of a frontend that has grown slow."""
    command = ["sh", "-c", "sleep 9; exec nginx -e stderr -g 'daemon off;'"]
    probe = f"{_CONTAINER}/livenessProbe"
    _change(
        saboteur,
        "deployment/frontend",
        {"op": "add", "path": f"{_CONTAINER}/command", "value": command},
        {"op": "remove", "path": f"{_CONTAINER}/startupProbe"},
        {"op": "replace", "path": f"{probe}/periodSeconds", "value": 4},
        {"op": "replace", "path": f"{probe}/failureThreshold", "value": 4},
    )


@control(_ITEM, _DECLARED, expects="frontend is restarted only 603 s after it is stuck")
def liveness_probe_that_never_acts(saboteur: Saboteur) -> None:
    """Silence a liveness probe that restarted a busy frontend."""
    _replace(saboteur, "deployment/frontend", "livenessProbe/failureThreshold", 60)


@control(_ITEM, _DECLARED, expects="report/probe has no readiness, liveness probe")
def bare_pod_without_probes(saboteur: Saboteur) -> None:
    """Leave a pod running that somebody started by hand."""
    image = saboteur.pods("backend")[0].containers[-1].image
    always = {"restartPolicy": "Always"}
    saboteur.create(hardened_pod("report", image, ["sleep", "3600"], labels={}, spec=always))
    saboteur.kubectl("wait", "--for=condition=Ready", "pod/report", "--timeout=60s")


def _replace(saboteur: Saboteur, target: str, field: str, value: object) -> None:
    _change(saboteur, target, {"op": "replace", "path": f"{_CONTAINER}/{field}", "value": value})


def _change(saboteur: Saboteur, target: str, *changes: dict[str, object]) -> None:
    """Change the first container of a workload, and wait for its new pods."""
    saboteur.patch(target, list(changes), kind="json")
    saboteur.settle()
