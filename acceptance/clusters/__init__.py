"""One interface, three ways to have a cluster: k3d, embedded, existing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.build.cache import cache_root
from acceptance.clusters.base import Cluster, ClusterFacts
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.machine import EMBEDDED_NEEDS, MachineFacts, look_at_machine
from acceptance.settings import CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.settings import Settings

__all__ = ["AUTOMATIC", "Cluster", "ClusterFacts", "availability", "choose"]

AUTOMATIC = ("k3d", "embedded")
"""What `auto` tries, in this order; `existing` is never taken without being asked for."""


def availability(name: str, machine: MachineFacts | None = None) -> str | None:
    """Return why this machine cannot run the cluster `name`, with a remedy; None if it can.

    `machine` is looked at when it is not given, which takes a moment.
    """
    if name == "existing":
        return None  # any machine can talk to an API server; whether this one answers is seen later
    facts = machine or look_at_machine(cache_root())
    return _why_no_k3d(facts) if name == "k3d" else _why_no_embedded(facts)


def choose(
    name: str,
    settings: Settings,
    *,
    keep: bool = False,
    run_id: str | None = None,
    say: Callable[[str], None] | None = None,
    machine: MachineFacts | None = None,
) -> Cluster:
    """Return the cluster `name`, which is not started yet; `auto` is the first that can run here.

    `keep` leaves an ephemeral cluster running after its `stop`. `run_id` is the value of the
    label on what the run creates in an existing cluster (default: made up). `say` gets one
    sentence: which one was taken, and why. `machine` is for tests.

    Raises `EnvironmentFailure` if this machine cannot run it, `BrokenInput` for an unknown name.
    """
    if name not in CLUSTERS:
        message = f"There is no cluster {name!r}. Try one of: {', '.join(CLUSTERS)}."
        raise BrokenInput(message)
    facts = machine or look_at_machine(cache_root())
    if name != "auto":
        if reason := availability(name, facts):
            raise EnvironmentFailure(f"The cluster {name} cannot run here: {reason}")
        return _make(name, settings, keep=keep, run_id=run_id)
    refused: dict[str, str] = {}
    for candidate in AUTOMATIC:
        reason = availability(candidate, facts)
        if reason is None:
            because = "".join(f" ({other} cannot: {why})" for other, why in refused.items())
            if say is not None:
                say(f"Cluster: {candidate}, the first that this machine can run{because}")
            return _make(candidate, settings, keep=keep, run_id=run_id)
        refused[candidate] = reason
    details = " ".join(f"{candidate}: {reason}" for candidate, reason in refused.items())
    message = (
        f"This machine can run no cluster. {details} Or name one that exists: --cluster existing."
    )
    raise EnvironmentFailure(message)


def _make(name: str, settings: Settings, *, keep: bool, run_id: str | None) -> Cluster:
    # Imported late: each driver needs libraries that the others do without.
    if name == "k3d":
        from acceptance.clusters.k3d import K3dCluster  # noqa: PLC0415

        return K3dCluster(settings, keep=keep)
    if name == "existing":
        from acceptance.clusters.existing import ExistingCluster  # noqa: PLC0415

        return ExistingCluster(settings, keep=keep, run_id=run_id)
    from acceptance.clusters.embedded import EmbeddedCluster  # noqa: PLC0415

    return EmbeddedCluster(settings, keep=keep)


def _why_no_k3d(facts: MachineFacts) -> str | None:
    if "k3d" not in facts.found:
        return "k3d is not in PATH. Try: install k3d 5.5 or newer (see its documentation)."
    if "docker" not in facts.found:
        return "the docker command is not in PATH. Try: install Docker Engine."
    if facts.engine != "docker":
        problem = facts.engine_problem or "docker does not answer"
        return f"{problem}. Try: start Docker, and see with docker info that it answers."
    return None


def _why_no_embedded(facts: MachineFacts) -> str | None:
    if facts.system != "linux":
        return f"it needs Linux, and this is {facts.system}. Try: --cluster k3d, with Docker."
    if not facts.root:
        return "it needs root, for namespaces and mounts. Try: sudo make acceptance."
    missing = [need for need in EMBEDDED_NEEDS if need.name not in facts.found]
    if missing:
        names = ", ".join(need.name for need in missing)
        packages = " ".join(sorted({need.package for need in missing}))
        return f"missing: {names}. Try: make setup, or apt-get install {packages}."
    return None
