"""Assesses the running cluster by published control catalogues."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.compliance.assessment import (
    AssessedControl,
    Assessment,
    as_data,
    as_markdown,
)
from acceptance.domains.compliance.catalogue import CHECKS, read_frameworks
from acceptance.domains.compliance.check_result import CheckResult
from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot, reason_unobservable
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable, require

if TYPE_CHECKING:
    from acceptance.actor import ActorContext
    from acceptance.domains.compliance.catalogue import CatalogueControl


class ComplianceAssessor(Actor):
    """Checks every control of a framework on the running cluster, and reports each result."""

    def __init__(self, context: ActorContext) -> None:
        """Take a snapshot, which reads nothing yet."""
        super().__init__(context)
        self._snapshot = ClusterSnapshot(self.system, self._cluster, timeout=self._timeouts.execute)
        self._undo.callback(self._snapshot.close)

    def assess(self, name: str) -> Assessment:
        """Check every control of the framework `name` on the running cluster.

        Raises `BrokenInput` if the catalogue has no such framework.
        """
        frameworks = {each.name: each for each in read_frameworks(Path(self.system.repository))}
        if name not in frameworks:
            raise BrokenInput(f"The catalogue has no {name}. It has: {', '.join(frameworks)}.")
        found = Assessment(
            frameworks[name],
            tuple(AssessedControl(each, self._check(each)) for each in frameworks[name].controls),
        )
        self._keep(f"Controls of {name}", as_markdown(found, self.system), "text")
        self._keep(f"Controls of {name}, as JSON", pretty(as_data(found)))
        return found

    def assert_controls_met(self, found: Assessment) -> None:
        """No applicable control is unmet."""
        unmet = found.having("unmet")
        said = f"{len(unmet)} of {len(found.results)} controls of the {found.framework.name}"
        require(not unmet, f"{said} are unmet: {'; '.join(unmet)}.")

    def assert_controls_assessed(self, found: Assessment) -> None:
        """Every applicable control was assessed, and some apply; else `Unverifiable`."""
        unverified = found.having("unverified")
        if unverified or not found.having("met"):
            count = f"{len(unverified)} of {len(found.results)}"
            why = "; ".join(found.unverified_by_reason()) or "none applies"
            message = f"{count} controls of the {found.framework.name} were not assessed ({why})."
            raise Unverifiable(message)

    def _check(self, control: CatalogueControl) -> CheckResult:
        if reason := control.inapplicable(self.system.driver):
            return CheckResult("not applicable", reason)
        if not control.check:
            return CheckResult("unverified", "there is no check for this cluster")
        try:
            return CHECKS[control.check](self._snapshot, control.arguments)
        except Exception as error:
            if (why := reason_unobservable(error)) is None:
                raise
            return CheckResult("unverified", why)
