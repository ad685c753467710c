"""The controls of TASK-001's acceptance criteria."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import criteria as do

CONTROLS = (
    Control(
        "TASK-001-AC-1",
        "The cluster answers from outside and its nodes are ready",
        do.a_dead_node,
        "the node ghost is not ready",
    ),
    Control(
        "TASK-001-AC-1",
        "A pod scheduled now runs and resolves a service by name",
        do.no_dns,
        r"could not resolve backend\.",
    ),
    Control("TASK-001-AC-1", "The cluster is k3s", do.another_kubernetes, "which is not k3s"),
    Control(
        "TASK-001-AC-2",
        "Every key that a pod uses is configured and has a real value",
        do.a_key_named_nowhere,
        "SIGNING_KEY, named nowhere",
    ),
    Control(
        "TASK-001-AC-2",
        "Every key that a pod uses is configured and has a real value",
        do.a_placeholder,
        "SIGNING_KEY is a placeholder",
    ),
    Control(
        "TASK-001-AC-2",
        "No secret value shows where it does not belong",
        do.a_leaked_password,
        "shows in: ConfigMap checkout-config",
    ),
    Control(
        "TASK-001-AC-2",
        "No secret value shows where it does not belong",
        do.a_secret_in_the_log,
        "shows in: log chatty/chatty",
    ),
    Control(
        "TASK-001-AC-2",
        "The database accepts the configured credentials and refuses others",
        do.an_open_database,
        "The database accepts a wrong password",
    ),
    Control(
        "TASK-001-AC-2",
        "The database accepts the configured credentials and refuses others",
        do.another_password,
        "does not accept the configured credentials",
    ),
    Control(
        "TASK-001-AC-3",
        "A checkout outlives the database pod",
        do.data_in_the_pod,
        "The checkout is not there any more",
    ),
    Control(
        "TASK-001-AC-3",
        "The database keeps its data on a bound volume",
        do.data_in_the_pod,
        "on no persistent volume claim",
    ),
    Control(
        "TASK-001-AC-4",
        "Each ready backend pod answers for itself",
        do.one_backend,
        "Only 1 pod is ready, and 2 are promised",
    ),
    Control(
        "TASK-001-AC-4",
        "Visitors reach every backend pod",
        do.a_backend_left_out,
        "is ready and served no visitor",
    ),
    Control(
        "TASK-001-AC-4",
        "Visitors are served while one backend pod is lost",
        do.one_backend,
        "1 of 1 replicas ready, and 2 are promised",
    ),
    Control(
        "TASK-001-AC-4",
        "Visitors are served while one backend pod is lost",
        do.a_careless_backend,
        "A visitor was not served",
    ),
    Control(
        "TASK-001-AC-5",
        "Each ready frontend pod answers for itself",
        do.one_frontend,
        "Only 1 pod is ready, and 2 are promised",
    ),
    Control(
        "TASK-001-AC-5",
        "Visitors reach every frontend pod",
        do.a_frontend_left_out,
        "is ready and served no visitor",
    ),
    Control(
        "TASK-001-AC-5",
        "Visitors are served while one frontend pod is lost",
        do.a_careless_frontend,
        "A visitor was not served",
    ),
    Control(
        "TASK-001-AC-6",
        "Visitors reach the page and the service by name",
        do.a_wrong_route,
        "The service does not answer",
    ),
    Control(
        "TASK-001-AC-6",
        "An unknown host is refused",
        do.every_host,
        "The unknown host was not refused",
    ),
    Control(
        "TASK-001-AC-6",
        "The ingress has the class nginx and a published address",
        do.another_class,
        "has the class other",
    ),
    Control(
        "TASK-001-AC-7",
        "Every container has its probes and passes them",
        do.no_liveness,
        "has no liveness probe",
    ),
    Control(
        "TASK-001-AC-7",
        "Every container has its probes and passes them",
        do.a_restart,
        "was restarted 1 times",
    ),
    Control(
        "TASK-001-AC-7",
        "The backend tells the truth while the database is away",
        do.a_lying_readiness,
        "every backend pod unready while the database is away",
    ),
    Control(
        "TASK-001-AC-8",
        "A visitor completes a checkout on <device> [a phone]",
        do.no_assets,
        "The visitor could not go on",
    ),
    Control(
        "TASK-001-AC-8",
        "A visitor completes a checkout on <device> [a desktop]",
        do.no_icon,
        r"On desktop: .*favicon",
    ),
)
