"""Sabotages of what the domain workloads judges: replicas, probes and rollouts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-001-AC-4",
    "Visitors are served while one backend pod is lost",
    expects="was sent once, acknowledged, and is there 2 times",
)
def some_writes_done_twice(saboteur: Saboteur) -> None:
    """Repeat one of ten writes, as a retry does that takes a late answer for none."""
    change_backend(
        saboteur,
        """
import random
from checkout_backend.service import Checkouts
add = Checkouts.add_item
def repeated(self, checkout_id, item):
    if random.random() < 0.1:
        add(self, checkout_id, item)
    return add(self, checkout_id, item)
Checkouts.add_item = repeated
""",
    )


@control(
    "TASK-001-AC-4",
    "A killed backend pod costs only the requests under way",
    expects="was acknowledged and is not there",
)
def writes_done_later(saboteur: Saboteur) -> None:
    """Acknowledge a write at once, and do it a second later in the memory of the pod."""
    change_backend(
        saboteur,
        """
import threading
from checkout_backend.service import Checkouts
add = Checkouts.add_item
def later(self, checkout_id, item):
    threading.Timer(1.0, add, (self, checkout_id, item)).start()
    return self.read(checkout_id).with_item(item)
Checkouts.add_item = later
""",
    )


@control(
    "TASK-001-AC-4",
    "Each ready backend pod answers with its own name",
    expects="Only 1 pod is ready, and 2 are required",
)
@control(
    "TASK-001-AC-4",
    "Visitors are served while one backend pod is lost",
    expects="1 of 1 replicas ready, and 2 are required",
)
@control(
    "TASK-001-DOD-6",
    "The system meets its performance requirements under the stated load",
    expects="1 backend pods are ready, and the requirements state 2",
)
def single_backend_replica(saboteur: Saboteur) -> None:
    """Deploy one replica of the backend."""
    _one_replica(saboteur, "backend")


@control(
    "TASK-001-AC-5",
    "Each ready frontend pod answers with its own name",
    expects="Only 1 pod is ready, and 2 are required",
)
def single_frontend_replica(saboteur: Saboteur) -> None:
    """Deploy one replica of the frontend."""
    _one_replica(saboteur, "frontend")


@control(
    "TASK-001-AC-4", "Visitors reach every backend pod", expects="is ready and served no visitor"
)
def backend_pod_without_service(saboteur: Saboteur) -> None:
    """Let the backend's Service select only one of its pods."""
    _select_one_pod(saboteur, "backend")


@control(
    "TASK-001-AC-5", "Visitors reach every frontend pod", expects="is ready and served no visitor"
)
def frontend_pod_without_service(saboteur: Saboteur) -> None:
    """Let the frontend's Service select only one of its pods."""
    _select_one_pod(saboteur, "frontend")


@control(
    "TASK-001-AC-4",
    "Visitors are served while one backend pod is lost",
    expects="A visitor was not served",
)
@control(
    "TASK-001-AC-4",
    "A killed backend pod costs only the requests under way",
    expects="requests failed, and at most 2 may",
)
def backend_without_readiness_and_drain(saboteur: Saboteur) -> None:
    """Send visitors to backend pods that do not listen yet or stop at once, without a retry."""
    _without_readiness_and_drain(saboteur, "backend", "python -m checkout_backend")


@control(
    "TASK-001-AC-5",
    "Visitors are served while one frontend pod is lost",
    expects="A visitor was not served",
)
@control(
    "TASK-001-AC-5",
    "A killed frontend pod costs only the requests under way",
    expects="requests failed, and at most 2 may",
)
def frontend_without_readiness_and_drain(saboteur: Saboteur) -> None:
    """Send visitors to frontend pods that do not listen yet or stop at once, without a retry."""
    _without_readiness_and_drain(saboteur, "frontend", "nginx -e stderr -g 'daemon off;'")


@control(
    "TASK-001-AC-7",
    "Every container has its probes and passes them",
    expects="has no liveness probe",
)
def missing_liveness_probe(saboteur: Saboteur) -> None:
    """Deploy the frontend without its liveness probe."""
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
def restarted_container(saboteur: Saboteur) -> None:
    """Let a container of the frontend crash once."""
    pod = saboteur.pods("frontend")[0]
    saboteur.afterwards("delete", f"pod/{pod.name}")
    saboteur.execute(pod.name, "sh", "-c", "kill 1")
    saboteur.await_restart("frontend", pod.name)


@control(
    "TASK-001-AC-7",
    "The backend reports not ready while the database is down",
    expects="reported ready while the database was down",
)
def readiness_probe_without_database(saboteur: Saboteur) -> None:
    """Use the backend's liveness path, which does not ask the database, as its readiness probe."""
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


def _one_replica(saboteur: Saboteur, workload: str) -> None:
    saboteur.patch(f"deployment/{workload}", {"spec": {"replicas": 1}})
    saboteur.settle()


def _select_one_pod(saboteur: Saboteur, workload: str) -> None:
    chosen = saboteur.pods(workload)[0].name
    # By the label, because the pod may be gone by then.
    saboteur.afterwards("label", "pods", "--selector=chosen", "chosen-")
    saboteur.kubectl("label", f"pod/{chosen}", "chosen=yes")
    saboteur.patch(f"service/{workload}", {"spec": {"selector": {"chosen": "yes"}}})
    time.sleep(1)  # until the ingress controller has seen the change, which it does not report


def _without_readiness_and_drain(saboteur: Saboteur, workload: str, command: str) -> None:
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
    time.sleep(4)  # without probes, nothing tells when the last pod began to listen
