"""What was found about the controls of one framework, and how it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.domains.compliance.finding import Finding, Status
    from acceptance.domains.compliance.table import Control, Framework
    from acceptance.system import System


@dataclass(frozen=True)
class Result:
    """A control, and what was found about it."""

    control: Control
    finding: Finding


@dataclass(frozen=True)
class Assessment:
    """A framework, and what was found about each of its controls."""

    framework: Framework
    results: tuple[Result, ...]

    def having(self, status: Status) -> list[str]:
        """Name the controls of one status, each with what was seen."""
        return [
            f"{r.control.id} {r.control.title} ({r.finding.observed})"
            for r in self.results
            if r.finding.status == status
        ]

    def unseen(self) -> list[str]:
        """Say why nobody could look, each time with the controls for which that was so."""
        found = [r for r in self.results if r.finding.status == "unverified"]
        reasons = dict.fromkeys(r.finding.observed for r in found)
        return [
            f"{reason}: {', '.join(r.control.id for r in found if r.finding.observed == reason)}"
            for reason in reasons
        ]


def as_data(found: Assessment) -> dict[str, object]:
    """Return the whole assessment as it goes into JSON."""
    return {
        "framework": found.framework.name,
        "version": found.framework.version,
        "source": found.framework.source,
        "controls": [
            {
                "id": r.control.id,
                "title": r.control.title,
                "status": r.finding.status,
                "observed": r.finding.observed,
                "exceptions": r.finding.exceptions,
                "check": r.control.check,
            }
            for r in found.results
        ],
    }


def as_markdown(found: Assessment, system: System) -> str:
    """Return the whole assessment as a Markdown table."""
    count = Counter(r.finding.status for r in found.results)
    lines = [
        f"# {found.framework.name} {found.framework.version}",
        "",
        f"{found.framework.source}. Checked on Kubernetes {system.version} ({system.driver}): "
        + ", ".join(f"{number} {status}" for status, number in sorted(count.items())),
        "",
        "| control | title | status | observed, or why it does not apply |",
        "| --- | --- | --- | --- |",
    ]
    for result in found.results:
        observed = " ".join(result.finding.observed.replace("|", "\\|").split())
        excepted = f" ({len(result.finding.exceptions)} excepted)"
        status = result.finding.status + (excepted if result.finding.exceptions else "")
        cells = (result.control.id, result.control.title, status, observed)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Exceptions, with their reasons", ""]
    exceptions = [
        f"- {r.control.id} {each}" for r in found.results for each in r.finding.exceptions
    ]
    return "\n".join([*lines, *(exceptions or ["None."])]) + "\n"
