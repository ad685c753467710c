"""Scans the objects that are deployed with checkov."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.domains.delivery.drivers.scanners.facts import (
    ScanFinding,
    ScannerFacts,
    fingerprint,
)
from acceptance.domains.delivery.drivers.scanners.running import answer_of
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.build.manifests import Manifest

NAME = "checkov"
PYTHON = Path(".tools") / "checkov" / "bin" / "python"
"""Where set-up installs it, relative to the repository."""
POLICIES = ROOT / "tools" / "checkov" / "policies"
"""Our own checks, which checkov lacks."""


def scan_manifests(
    root: Path,
    deployed: Mapping[str, Sequence[Manifest]],
    unread: Sequence[str] = (),
    *,
    timeout: float,
) -> ScannerFacts:
    """Scan objects with the checkov that is installed in the repository at `root`.

    `deployed` has them by the overlay or file that deploys them, which each finding names;
    the files `unread` are not YAML, so they were not scanned.

    Annotations that let checkov skip a check are ignored. checkov neither fetches nor sends
    anything: it gets no key and no address of its vendor's servers.

    Raises `EnvironmentFailure` when checkov is missing or fails.
    """
    python = root / PYTHON
    if not python.exists():
        raise EnvironmentFailure("checkov is not installed in .tools/checkov. Try: make setup")
    with tempfile.TemporaryDirectory(prefix="acceptance-checkov-") as temporary:
        folder = Path(temporary)
        sources = {f"/{number:03}.yaml": source for number, source in enumerate(deployed)}
        for name, objects in zip(sources, deployed.values(), strict=True):
            text = yaml.dump_all(objects, Dumper=yaml.CSafeDumper)
            (folder / name[1:]).write_text(text, encoding="utf-8")
        command = [str(python), "-m", "checkov.main"]
        command += ["--framework=kubernetes", "--directory=."]
        command += ["--output=json", "--compact", "--skip-download", "--soft-fail"]
        command += [f"--external-checks-dir={POLICIES}"]
        answer, seconds = answer_of(
            NAME, command, cwd=folder, timeout=timeout, env=_environment(folder)
        )
    if "results" not in answer:  # the answer when the file has no object that it knows
        return ScannerFacts(NAME, "deployment", unit="objects", problem=json.dumps(answer))
    results, summary = answer["results"], answer["summary"]
    # A check that an annotation lets checkov skip is a finding all the same.
    found = [*results["failed_checks"], *results.get("skipped_checks", [])]
    broken = [f"{summary['parsing_errors']} of the objects"] if summary["parsing_errors"] else []
    broken += unread
    return ScannerFacts(
        NAME,
        "deployment",
        summary["checkov_version"],
        scanned=summary["resource_count"],
        unit="objects",
        findings=tuple(dict.fromkeys(_finding(each, sources) for each in found)),
        seconds=seconds,
        problem=f"It could not read {'; '.join(broken)}." if broken else "",
        notes=(f"{summary['passed']} checks passed",),
    )


def _finding(found: dict[str, Any], sources: Mapping[str, str]) -> ScanFinding:
    # checkov reports a workload's template a second time, as a pod named after all of its labels.
    where = ".".join(found["resource"].split(".")[:3])
    rule = found["check_id"]
    severity = found["severity"] or ""
    return ScanFinding(
        NAME,
        rule,
        where,
        found["check_name"],
        severity,
        fingerprint=fingerprint(where),
        source=sources.get(found["file_path"], ""),
    )


def _environment(home: Path) -> dict[str, str | None]:
    """Hide this user's configuration and keys from checkov, and switch off its own requests."""
    foreign = [name for name in os.environ if name.startswith(("BC_", "CKV_", "PRISMA_"))]
    return {
        **dict.fromkeys(foreign),
        "HOME": str(home),
        "LOG_LEVEL": "ERROR",
        "BC_SKIP_MAPPING": "TRUE",
        "CKV_SKIP_PACKAGE_UPDATE_CHECK": "TRUE",
        "PYTHONPATH": None,
    }
