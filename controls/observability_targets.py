"""Sabotages of what probes accept, and of what is lost between a page and Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import edit_configuration
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_SCRAPED = "Everything that has metrics is scraped, and nothing else"
_CRITICAL = "Every critical metric is collected, and none beside"
_ANSWERS = "A probe succeeds for good answers only"


@control(
    "TASK-003-AC-6",
    _ANSWERS,
    expects=r"succeeds for an error of the client \(/401\).*\(/403\).*\(/404\)",
)
def a_login_page_taken_for_health(saboteur: Saboteur) -> None:
    """Accept what an endpoint says to strangers, because it says something."""
    _edit_prober(saboteur, ("valid_status_codes: [200]", "valid_status_codes: [200,401,403,404]"))


@control("TASK-003-AC-6", _ANSWERS, expects=r"succeeds for a redirect to the page \(/30[1278]\)")
def redirects_that_are_followed(saboteur: Saboteur) -> None:
    """Follow redirects, as browsers do, to a page that says what is wrong."""
    _edit_prober(saboteur, ("follow_redirects: false", "follow_redirects: true"))


@control("TASK-003-AC-6", _ANSWERS, expects="succeeds for a certificate that nobody trusts")
def any_certificate_will_do(saboteur: Saboteur) -> None:
    """Leave certificates unverified, because one of them gave trouble once."""
    _edit_prober(
        saboteur,
        (
            "follow_redirects: false\n",
            "follow_redirects: false\n      tls_config: {insecure_skip_verify: true}\n",
        ),
    )


@control(
    "TASK-003-DOD-2",
    _CRITICAL,
    expects="there is no http_requests_total of backend for the errors of backend",
)
def errors_that_are_not_kept(saboteur: Saboteur) -> None:
    """Drop what a dashboard once could not show: the requests that failed."""
    _drop(saboteur, "backend", "[__name__, status]", "http_requests_total;5..")


@control("TASK-003-AC-1", _SCRAPED, expects="Prometheus lacks .* of kubelet .*kubelet_volume_stats")
@control(
    "TASK-003-DOD-2",
    _CRITICAL,
    expects="the claim checkout/.* has no kubelet_volume_stats_available_bytes",
)
def volumes_of_one_namespace_dropped(saboteur: Saboteur) -> None:
    """Drop the volumes of a namespace whose volumes another team watched once."""
    _drop(saboteur, "kubelet", "[__name__, namespace]", "kubelet_volume_stats_.*;checkout")


@control("TASK-003-AC-1", _SCRAPED, expects="Prometheus lacks .* of certificates .*checkout-tls")
@control(
    "TASK-003-DOD-2",
    _CRITICAL,
    expects="the certificate checkout/checkout-tls has no certmanager_certificate_expiration",
)
def one_certificate_dropped(saboteur: Saboteur) -> None:
    """Drop the certificate that called somebody at night, while it was replaced."""
    _drop(saboteur, "certificates", "[name]", "checkout-tls")


def _drop(saboteur: Saboteur, job: str, labels: str, values: str) -> None:
    """Drop the series of a job whose labels have these values."""
    head = f"  - job_name: {job}\n"
    rule = f"{{source_labels: {labels}, regex: '{values}', action: drop}}"
    drop = f"    metric_relabel_configs:\n      - {rule}\n"
    edit_configuration(saboteur, "prometheus", "scrape.yaml", (head, f"{head}{drop}"))


def _edit_prober(saboteur: Saboteur, change: tuple[str, str]) -> None:
    edit_configuration(saboteur, "blackbox-exporter", "blackbox.yaml", change)
