"""Chooses a cluster driver; `acceptance.cluster_drivers` names them, with one interface for all."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from acceptance.build.cache import cache_root
from acceptance.cluster_drivers import CLUSTER_DRIVERS
from acceptance.clusters.base import Cluster, ClusterFacts, MissingRequirement
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.machine import MachineFacts, look_at_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.settings import Settings

__all__ = [
    "Cluster",
    "ClusterFacts",
    "MissingRequirement",
    "choose",
    "driver_class",
    "why_unavailable",
]


def driver_class(name: str) -> type[Cluster]:
    """Return the class of the driver `name`, one of `CLUSTER_DRIVERS`."""
    module, _, attribute = CLUSTER_DRIVERS[name].place.partition(":")
    found: type[Cluster] = getattr(import_module(module), attribute)
    return found


def why_unavailable(name: str, settings: Settings, machine: MachineFacts) -> str | None:
    """Return why `machine` cannot run the cluster `name`, with a remedy; None if it can.

    Missing settings do not count; the cluster's `start` reports them.
    """
    missing = driver_class(name).missing(machine, settings)
    of_machine = [requirement for requirement in missing if not requirement.of_settings]
    if not of_machine:
        return None
    more = f" make doctor names all {len(of_machine)}." if of_machine[1:] else ""
    return f"it lacks {of_machine[0].what}. Try: {of_machine[0].remedy}.{more}"


def choose(
    name: str,
    settings: Settings,
    *,
    keep: bool = False,
    run_id: str | None = None,
    say: Callable[[str], None] | None = None,
    machine: MachineFacts | None = None,
) -> Cluster:
    """Return the cluster `name`, not yet started; `auto` is the first that can run here.

    `keep` leaves an ephemeral cluster running after its `stop`. `run_id` is the value of the
    label on the run's objects in an existing cluster (default: a new id). `say` gets a sentence
    with the chosen cluster and the reason. `machine` is for tests.

    Raises `EnvironmentFailure` if this machine cannot run it, `BrokenInput` for an unknown name.
    """
    if name != "auto" and name not in CLUSTER_DRIVERS:
        known = ", ".join(("auto", *CLUSTER_DRIVERS))
        raise BrokenInput(f"There is no cluster {name!r}. Try one of: {known}.")
    facts = machine or look_at_machine(cache_root())
    if name != "auto":
        if reason := why_unavailable(name, settings, facts):
            raise EnvironmentFailure(f"The cluster {name} cannot run here: {reason}")
        return driver_class(name)(settings, keep=keep, run_id=run_id)
    refused: dict[str, str] = {}
    for candidate in (each for each, driver in CLUSTER_DRIVERS.items() if driver.automatic):
        reason = why_unavailable(candidate, settings, facts)
        if reason is None:
            because = "".join(f" ({other} cannot: {why})" for other, why in refused.items())
            if say is not None:
                say(f"Cluster: {candidate}, the first that this machine can run{because}")
            return driver_class(candidate)(settings, keep=keep, run_id=run_id)
        refused[candidate] = reason
    details = " ".join(f"{candidate}: {reason}" for candidate, reason in refused.items())
    message = (
        f"This machine cannot run a cluster. {details} Or use an existing one: --cluster existing."
    )
    raise EnvironmentFailure(message)
