"""Sabotages of the probes of health endpoints that the domain observability must detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import MONITORING, change_program, edit_configuration, relabel
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PROBED = "Every health endpoint is probed and healthy"
_BREAKS = "Only the probes of <broken> fail when it does"


@control("TASK-003-AC-6", _PROBED, expects="has no result|failed")
def nobody_probes(saboteur: Saboteur) -> None:
    """Scale the program that probes to zero."""
    saboteur.afterwards(
        *("rollout", "status", "deployment/blackbox-exporter", "--timeout=120s"),
        namespace=MONITORING,
    )
    saboteur.patch("deployment/blackbox-exporter", {"spec": {"replicas": 0}}, namespace=MONITORING)


@control("TASK-003-AC-6", _PROBED, expects=r"backend-\S+ /readyz .* is not probed")
def readiness_unprobed(saboteur: Saboteur) -> None:
    """Probe whether the backend lives, and not whether it is ready."""
    edit_configuration(
        saboteur,
        "prometheus",
        "endpoints.yaml",
        ('replacement: "http://$1/readyz"', 'replacement: "http://$1/healthz?again"'),
    )


@control("TASK-003-AC-6", _PROBED, expects="No probe through the ingress reaches /api")
def the_page_probed_twice(saboteur: Saboteur) -> None:
    """Copy the probe of the page for the API, and forget to change its path."""
    edit_configuration(
        saboteur, "prometheus", "visitors.yaml", ("/api/checkouts?limit=1", "/?again")
    )


@control("TASK-003-AC-6", _PROBED, expects=r"frontend-\S+ /healthz .* is not probed")
def one_frontend_pod_of_two_unprobed(saboteur: Saboteur) -> None:
    """Probe the one pod whose name was known when the probe was written."""
    name = saboteur.pods("frontend")[0].name
    keep = (
        "      - source_labels: [__meta_kubernetes_pod_name]\n"
        f"        regex: {name}\n"
        "        action: keep\n"
    )
    relabel(saboteur, "frontend;http", keep, file="endpoints.yaml")


@control(
    "TASK-003-AC-6",
    f"{_BREAKS} [the database]",
    expects="the database was broken, and the probe of .*readyz.* did not fail",
)
def errors_taken_for_health(saboteur: Saboteur) -> None:
    """Take any answer for a good one, as it is a sign of life."""
    edit_configuration(
        saboteur,
        "blackbox-exporter",
        "blackbox.yaml",
        ("valid_status_codes: [200]", "valid_status_codes: [200, 500, 503]"),
    )


@control("TASK-003-AC-6", _PROBED, expects=r"frontend-\S+ /healthz .* is not probed")
def pods_probed_through_their_service(saboteur: Saboteur) -> None:
    """Ask the Service in the name of each frontend pod, so that the other pod answers for it."""
    name = "      - {target_label: endpoint, replacement: frontend /healthz}\n"
    probe = (
        "      - target_label: __param_target\n"
        "        replacement: http://frontend.checkout.svc/healthz\n"
    )
    edit_configuration(saboteur, "prometheus", "endpoints.yaml", (name, f"{name}{probe}"))


@control(
    "TASK-003-AC-6",
    f"{_BREAKS} [one frontend pod]",
    expects="one frontend pod was broken, and the probe of .* did not fail",
)
def probes_more_patient_than_prometheus(saboteur: Saboteur) -> None:
    """Wait longer for an answer than Prometheus waits for the probe, so that there is no result."""
    patient = ("timeout: 3s\n    http:", "timeout: 60s\n    http:")
    edit_configuration(saboteur, "blackbox-exporter", "blackbox.yaml", patient)
    arguments = [
        "--config.file=/etc/blackbox/blackbox.yaml",
        "--web.config.file=/etc/blackbox/web.yaml",
        "--timeout-offset=-60",
    ]
    change_program(saboteur, "blackbox-exporter", {"args": arguments})


@control("TASK-003-AC-6", _PROBED, expects=r"frontend-\S+ /healthz .* is not probed")
def silence_taken_for_health(saboteur: Saboteur) -> None:
    """Ask only whether a connection can be made, which the kernel answers for a stuck program."""
    name = "      - {target_label: endpoint, replacement: frontend /healthz}\n"
    probe = (
        "      - {target_label: __param_module, replacement: tcp}\n"
        "      - {source_labels: [__address__], target_label: __param_target}\n"
    )
    edit_configuration(saboteur, "prometheus", "endpoints.yaml", (name, f"{name}{probe}"))
