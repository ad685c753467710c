"""The run of a system that is nowhere, for scenarios that judge the repository alone.

Such a control needs no cluster, and touches nothing that another one needs. A scenario that asks
the cluster all the same finds none, so its control is not seen red.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.clusters import ClusterFacts
from acceptance.system import System
from controls.saboteur import Saboteur
from fixtures.environment import RunDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.settings import Settings

_NOWHERE = "nowhere"


class RepositorySaboteur(Saboteur):
    """Edits a copy of the repository; there is no system that could settle."""

    def settle(self) -> None:
        """Wait for nothing."""


def repository_run(settings: Settings, folder: Path) -> RunDirectory:
    """Fill `folder` as a kept run fills its own, and return it; no API server answers."""
    named = {"name": _NOWHERE}
    kubeconfig = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        # By RFC 2606 there is never such a host.
        "clusters": [named | {"cluster": {"server": "https://nowhere.invalid"}}],
        "users": [named | {"user": {}}],
        "contexts": [named | {"context": {"cluster": _NOWHERE, "user": _NOWHERE}}],
    }
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")
    place = {"context": _NOWHERE, "address": f"{_NOWHERE}.invalid", "http_port": 80}
    kind = {"driver": _NOWHERE, "flavour": _NOWHERE, "version": _NOWHERE}
    facts = ClusterFacts(**kind, **place, kubeconfig=kubeconfig, https_port=443)  # type: ignore[arg-type]
    directory = RunDirectory(folder)
    directory.keep_facts(facts, ())
    System(
        **kind,  # type: ignore[arg-type]
        **place,  # type: ignore[arg-type]
        run=_NOWHERE,
        kubeconfig=str(kubeconfig),
        namespace=settings.namespace,
        host=settings.host,
        published="",
        workloads=settings.workloads,
        repository=str(settings.root),
    ).save(folder / "system.json")
    return directory
