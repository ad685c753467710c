"""Sabotages of what the domain workloads judges: replicas, probes, rollouts and storage."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-001-AC-3",
    "A checkout outlives the database pod",
    expects="The checkout is not there any more",
)
@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="on no persistent volume claim",
)
def data_in_the_pod(saboteur: Saboteur) -> None:
    """Keep the database's data in the pod instead of on its volume."""
    saboteur.patch(
        "statefulset/database",
        [
            {
                "op": "add",
                "path": "/spec/template/spec/volumes/-",
                "value": {"name": "scratch", "emptyDir": {}},
            },
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/volumeMounts/0/name",
                "value": "scratch",
            },
        ],
        kind="json",
    )
    # The tables are made again, in the empty database.
    saboteur.kubectl("rollout", "status", "statefulset/database", "--timeout=120s")
    saboteur.kubectl("rollout", "restart", "deployment/backend")
    saboteur.settle()


@control(
    "TASK-001-AC-4",
    "Each ready backend pod answers for itself",
    expects="Only 1 pod is ready, and 2 are promised",
)
@control(
    "TASK-001-AC-4",
    "Visitors are served while one backend pod is lost",
    expects="1 of 1 replicas ready, and 2 are promised",
)
@control(
    "TASK-001-DOD-6",
    "The system performs as required at the stated load",
    expects="1 backend pods serve, and the requirements are for 2",
)
def one_backend(saboteur: Saboteur) -> None:
    """Deploy one replica of the backend."""
    _one(saboteur, "backend")


@control(
    "TASK-001-AC-5",
    "Each ready frontend pod answers for itself",
    expects="Only 1 pod is ready, and 2 are promised",
)
def one_frontend(saboteur: Saboteur) -> None:
    """Deploy one replica of the frontend."""
    _one(saboteur, "frontend")


@control(
    "TASK-001-AC-4", "Visitors reach every backend pod", expects="is ready and served no visitor"
)
def a_backend_left_out(saboteur: Saboteur) -> None:
    """Select only one of the backend's pods by its Service."""
    _left_out(saboteur, "backend")


@control(
    "TASK-001-AC-5", "Visitors reach every frontend pod", expects="is ready and served no visitor"
)
def a_frontend_left_out(saboteur: Saboteur) -> None:
    """Select only one of the frontend's pods by its Service."""
    _left_out(saboteur, "frontend")


@control(
    "TASK-001-AC-4",
    "Visitors are served while one backend pod is lost",
    expects="A visitor was not served",
)
def a_careless_backend(saboteur: Saboteur) -> None:
    """Send visitors to backend pods that do not listen yet or end at once, and retry nowhere."""
    _careless(saboteur, "backend", "python -m checkout_backend")


@control(
    "TASK-001-AC-5",
    "Visitors are served while one frontend pod is lost",
    expects="A visitor was not served",
)
def a_careless_frontend(saboteur: Saboteur) -> None:
    """Send visitors to frontend pods that do not listen yet or end at once, and retry nowhere."""
    _careless(saboteur, "frontend", "nginx -e stderr -g 'daemon off;'")


@control(
    "TASK-001-AC-7",
    "Every container has its probes and passes them",
    expects="has no liveness probe",
)
def no_liveness(saboteur: Saboteur) -> None:
    """Forget the frontend's liveness probe."""
    saboteur.patch(
        "deployment/frontend",
        [{"op": "remove", "path": "/spec/template/spec/containers/0/livenessProbe"}],
        kind="json",
    )
    saboteur.settle()


@control(
    "TASK-001-AC-7",
    "Every container has its probes and passes them",
    expects="was restarted 1 times",
)
def a_restart(saboteur: Saboteur) -> None:
    """Let a container of the frontend crash once."""
    pod = saboteur.pods("frontend")[0]
    saboteur.afterwards("delete", f"pod/{pod.name}")
    saboteur.execute(pod.name, "sh", "-c", "kill 1")
    saboteur.await_restart("frontend", pod.name)


@control(
    "TASK-001-AC-7",
    "The backend tells the truth while the database is away",
    expects="every backend pod unready while the database is away",
)
def a_lying_readiness(saboteur: Saboteur) -> None:
    """Ask the backend whether it is alive where it should be asked whether it is ready."""
    saboteur.patch(
        "deployment/backend",
        [
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/readinessProbe/httpGet/path",
                "value": "/healthz",
            }
        ],
        kind="json",
    )
    saboteur.settle()


def _one(saboteur: Saboteur, workload: str) -> None:
    saboteur.patch(f"deployment/{workload}", {"spec": {"replicas": 1}})
    saboteur.settle()


def _left_out(saboteur: Saboteur, workload: str) -> None:
    chosen = saboteur.pods(workload)[0].name
    saboteur.afterwards("label", f"pod/{chosen}", "chosen-")
    saboteur.kubectl("label", f"pod/{chosen}", "chosen=yes")
    saboteur.patch(f"service/{workload}", {"spec": {"selector": {"chosen": "yes"}}})
    time.sleep(1)  # the ingress hears of it by a watch of its own, which nobody can ask


def _careless(saboteur: Saboteur, workload: str, command: str) -> None:
    annotation = "nginx.ingress.kubernetes.io/proxy-next-upstream"
    once = {annotation: "off", f"{annotation}-tries": "1"}
    saboteur.patch("ingress/checkout", {"metadata": {"annotations": once}})
    container = "/spec/template/spec/containers/0"
    saboteur.patch(
        f"deployment/{workload}",
        [
            *(
                {"op": "remove", "path": f"{container}/{name}"}
                for name in ("lifecycle", "startupProbe", "readinessProbe")
            ),
            {
                "op": "add",
                "path": f"{container}/command",
                "value": ["sh", "-c", f"sleep 3; exec {command}"],
            },
        ],
        kind="json",
    )
    saboteur.settle()
    time.sleep(4)  # without probes nobody knows when the last pod began to listen
