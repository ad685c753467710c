"""The assessment of one framework's controls, as data and as Markdown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.domains.compliance.catalogue import CatalogueControl, ControlFramework
    from acceptance.domains.compliance.check_result import CheckResult, Status
    from acceptance.system import System


@dataclass(frozen=True)
class AssessedControl:
    """A control and the result of its check."""

    control: CatalogueControl
    outcome: CheckResult


@dataclass(frozen=True)
class Assessment:
    """A framework and the result for each of its controls."""

    framework: ControlFramework
    results: tuple[AssessedControl, ...]

    def having(self, status: Status) -> list[str]:
        """Name the controls of one status, each with what was observed."""
        return [
            f"{r.control.id} {r.control.title} ({r.outcome.observed})"
            for r in self.results
            if r.outcome.status == status
        ]

    def unverified_by_reason(self) -> list[str]:
        """Return each reason why controls were not assessed, with their ids."""
        found = [r for r in self.results if r.outcome.status == "unverified"]
        reasons = dict.fromkeys(r.outcome.observed for r in found)
        return [
            f"{reason}: {', '.join(r.control.id for r in found if r.outcome.observed == reason)}"
            for reason in reasons
        ]


def as_data(found: Assessment) -> dict[str, object]:
    """Return the whole assessment as JSON data."""
    return {
        "framework": found.framework.name,
        "version": found.framework.version,
        "source": found.framework.source,
        "controls": [
            {
                "id": r.control.id,
                "title": r.control.title,
                "status": r.outcome.status,
                "observed": r.outcome.observed,
                "exceptions": r.outcome.exceptions,
                "check": r.control.check,
            }
            for r in found.results
        ],
    }


def as_markdown(found: Assessment, system: System) -> str:
    """Return the whole assessment as a Markdown table."""
    count = Counter(r.outcome.status for r in found.results)
    lines = [
        f"# {found.framework.name} {found.framework.version}",
        "",
        f"{found.framework.source}. Assessed on Kubernetes {system.version} ({system.driver}): "
        + ", ".join(f"{number} {status}" for status, number in sorted(count.items())),
        "",
        "| control | title | status | observed, or why it does not apply |",
        "| --- | --- | --- | --- |",
    ]
    for result in found.results:
        observed = " ".join(result.outcome.observed.replace("|", "\\|").split())
        excepted = f" ({len(result.outcome.exceptions)} excepted)"
        status = result.outcome.status + (excepted if result.outcome.exceptions else "")
        cells = (result.control.id, result.control.title, status, observed)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Exceptions, with their reasons", ""]
    exceptions = [
        f"- {r.control.id} {each}" for r in found.results for each in r.outcome.exceptions
    ]
    return "\n".join([*lines, *(exceptions or ["None."])]) + "\n"
