"""Sabotages of what probes accept, and of what is lost between a page and Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import edit_configuration
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

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


def _edit_prober(saboteur: Saboteur, change: tuple[str, str]) -> None:
    edit_configuration(saboteur, "blackbox-exporter", "blackbox.yaml", change)
