"""Asks single pods of the backend for a page of the list, with a cursor that a key has signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.checkout_api import first_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.system import System

REFUSED = 422
"""The status with which the backend refuses a cursor that no key it accepts has signed."""


def ask_for_page(
    cluster: Kubernetes, system: System, pods: Sequence[str], cursor: str = ""
) -> tuple[tuple[str, Reply], ...]:
    """Return each pod's answer to a request for the page after `cursor`, or for the first page.

    Raises `Refused` if the backend has no Service that names its port.
    """
    namespace = system.namespace
    port = cluster.container_port(namespace, system.workloads.backend)
    first = first_page(system.contract)
    path = f"{first}&after={cursor}" if cursor else first
    return tuple((pod, cluster.ask_pod(namespace, pod, port, path)) for pod in pods)


def next_cursor(reply: Reply) -> str:
    """Return the signed cursor of the next page; empty if the answer has none."""
    body = reply.json()
    found = body.get("next") if isinstance(body, dict) else None
    return str(found or "")
