"""Checks that rules and routes are what their source gives, in the files and in the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.build.alert_rules import FOLDER, VARIANTS, provenance_fault, render_rules
from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.drivers.alertmanager import hash_of_configuration
from acceptance.drivers.kubernetes.client import Refused
from acceptance.errors import BrokenInput
from acceptance.judgement import listed, require, require_each, unproven

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.build.alert_rules import Variant
    from acceptance.domains.observability.alerts.rules import RuleState

_ROUTES = "routes.yaml"
_KUSTOMIZATION = "kustomization.yaml"


class RuleSourceInspector(AlertListener):
    """Renders the sources of rules and routes anew."""

    def assert_rendered(self) -> None:
        """The files of each variant, for production too, are what their source gives."""
        folder = self._context.path_in_sources(FOLDER)
        faults = [fault for variant in VARIANTS for fault in _unlike(folder, variant)]
        generated = provenance_fault(folder, self._context.path_in_sources(_sloth()))
        faults += [generated] if generated else []
        self._keep("Rules and routes that are not of their source", "\n".join(faults), "text")
        require(not faults, listed(faults))

    def assert_routes_deployed(self) -> None:
        """Alertmanager has loaded the file of one of the variants, to the last character.

        It returns its configuration with all defaults, but tells the hash of what it has read.
        It is a failed check if it does not.
        """
        try:
            loaded = self.alertmanager().configuration_hash()
        except Refused as error:
            raise unproven(f"It is unknown where alerts go: {error}.", error) from error
        folder = self._context.path_in_sources(FOLDER)
        files = [f"{variant}/{_ROUTES}" for variant in VARIANTS]
        known = [hash_of_configuration((folder / name).read_bytes()) for name in files]
        require(loaded in known, f"What Alertmanager has loaded is neither {' nor '.join(files)}.")

    def assert_jobs_named(self, state: RuleState) -> None:
        """For every job that Prometheus scrapes, an alert fires when it finds no target."""
        found = self.prometheus().targets()
        require(not found.refused, f"Prometheus does not return its targets: {found.refused}.")
        queries = [each.query for each in state.loaded if each.alerting]

        def fault(job: str) -> str | None:
            absent = f'absent(up{{job="{job}"}})'
            if any(absent in query for query in queries):
                return None
            return f"no alert fires when {job} finds no target"

        require_each(
            sorted({each.job for each in found.targets}), fault, nothing="Prometheus has no target."
        )


def _sloth() -> Path:
    return FOLDER.parents[2] / "tools" / "sloth" / "go.mod"


def _unlike(folder: Path, variant: Variant) -> list[str]:
    """Say which files of a variant are not what their source gives."""
    try:
        rendered = render_rules(variant, folder)
    except BrokenInput as error:
        return [error.message]
    there = {
        path.name: path.read_text(encoding="utf-8")
        for path in (folder / variant).glob("*.yaml")
        if path.name != _KUSTOMIZATION
    }
    return [
        f"{variant}/{name} is not what its source gives"
        for name in sorted({*rendered, *there})
        if rendered.get(name) != there.get(name)
    ]
