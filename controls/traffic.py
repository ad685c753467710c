"""Sabotages of what the domain traffic judges: visitors and the ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.pods import hardened_container
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-001-AC-6",
    "Visitors reach the page and the service by name",
    expects="The service does not answer",
)
def api_routed_to_frontend(saboteur: Saboteur) -> None:
    """Route /api to the frontend."""
    saboteur.patch(
        "ingress/checkout",
        [
            {
                "op": "replace",
                "path": "/spec/rules/0/http/paths/0/backend/service/name",
                "value": "frontend",
            }
        ],
        kind="json",
    )


@control("TASK-001-AC-6", "An unknown host is refused", expects="The unknown host was not refused")
def ingress_for_every_host(saboteur: Saboteur) -> None:
    """Serve the page for any host name."""
    path = {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": "frontend", "port": {"name": "http"}}},
    }
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "every-host"},
            "spec": {"ingressClassName": "nginx", "rules": [{"http": {"paths": [path]}}]},
        }
    )
    saboteur.await_answer("any-name.invalid", "/", 200)


@control(
    "TASK-001-AC-6",
    "The ingress has the class nginx and a published address",
    expects="has the class other",
)
def wrong_ingress_class(saboteur: Saboteur) -> None:
    """Give the ingress a class that is not nginx."""
    saboteur.patch("ingress/checkout", {"spec": {"ingressClassName": "other"}})


@control(
    "TASK-001-AC-8",
    "A visitor completes a checkout on <device> [a phone]",
    expects="The visitor could not go on",
)
def scripts_not_served(saboteur: Saboteur) -> None:
    """Route the page's scripts to the backend, which does not have them."""
    _to_backend(saboteur, "/assets", "Prefix")


@control(
    "TASK-001-AC-8",
    "A visitor completes a checkout on <device> [a desktop]",
    expects="On desktop: .*favicon",
)
def missing_favicon(saboteur: Saboteur) -> None:
    """Serve no favicon: the page works, and the browser's console shows an error."""
    _to_backend(saboteur, "/favicon.svg", "Exact")


_VIEWS = "No view fails, in whatever state and however long it is open"
_HALF_AN_HOUR = 1_800_000


@control("TASK-001-AC-8", _VIEWS, expects="the list: uncaught exception: .*The session has ended")
def a_page_that_fails_after_half_an_hour(saboteur: Saboteur) -> None:
    """Let a timer fail that no test waits for."""
    _add_to_page(
        saboteur,
        f"setTimeout(() => {{ throw new Error('The session has ended') }}, {_HALF_AN_HOUR});",
    )


@control(
    "TASK-001-AC-8", _VIEWS, expects="the list: uncaught exception: unhandledrejection: .*gone"
)
def failures_that_the_page_hides(saboteur: Saboteur) -> None:
    """Swallow every failure, so that nobody is bothered by it."""
    _add_to_page(
        saboteur,
        "addEventListener('unhandledrejection', event => event.preventDefault());"
        "setTimeout(() => Promise.reject(new Error('It is gone')), 1000);",
    )


@control("TASK-001-AC-8", _VIEWS, expects="a cancelled checkout: console error: No such status")
def one_state_that_fails(saboteur: Saboteur) -> None:
    """Forget one state of four: only who cancels a checkout meets it."""
    _add_to_page(
        saboteur,
        "new MutationObserver(() => document.querySelector('.status-cancelled') "
        "&& !window.told && (window.told = 1, console.error('No such status')))"
        ".observe(document, {childList: true, subtree: true});",
    )


def _add_to_page(saboteur: Saboteur, program: str) -> None:
    """Add a program to the page's own file."""
    workload = saboteur.system.workloads.frontend
    image = saboteur.pods(workload)[0].containers[-1].image
    copy = (
        'cp -r /srv/checkout/. /changed/ && for f in /changed/assets/*.js; do echo "$0" >> $f; done'
    )
    volume = {"name": "changed", "mountPath": "/changed"}
    change = hardened_container("change", image, ["sh", "-c", copy, program], volumeMounts=[volume])
    mount = {"name": "changed", "mountPath": "/srv/checkout"}
    saboteur.change_pods(
        workload,
        {
            "initContainers": [change],
            "volumes": [{"name": "changed", "emptyDir": {}}],
            "containers": [{"name": workload, "volumeMounts": [mount]}],
        },
    )


def _to_backend(saboteur: Saboteur, path: str, kind: str) -> None:
    service = {"name": "backend", "port": {"name": "http"}}
    rule = {"path": path, "pathType": kind, "backend": {"service": service}}
    saboteur.patch(
        "ingress/checkout",
        [{"op": "add", "path": "/spec/rules/0/http/paths/0", "value": rule}],
        kind="json",
    )
    asked = path if kind == "Exact" else f"{path}/none"
    saboteur.await_answer(saboteur.system.host, asked, 404)
