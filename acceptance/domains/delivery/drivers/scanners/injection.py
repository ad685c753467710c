"""Scans the delivered code for injection with semgrep, in every language that it is written in."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.domains.delivery.drivers.scanners.facts import (
    ScanFinding,
    ScannerFacts,
    fingerprint,
)
from acceptance.domains.delivery.drivers.scanners.running import answer_of
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "semgrep"
PYTHON = Path(".tools") / "semgrep" / "bin" / "python"
"""Where set-up installs it, relative to the repository."""
RULES = ROOT / "tools" / "semgrep" / "rules"
"""Our own rules: semgrep fetches all others from the network."""
_READ = re.compile(r"\.(bash|[cm]?[jt]s|[jt]sx|go|html?|lua|p[lmy]|sh)$", re.IGNORECASE)
"""The endings of files for which there are rules."""
_UNREAD = re.compile(
    r"\.(astro|c|cc|clj|cpp|cs|dart|erl|exs?|groovy|hs|java|kts?|php|ps1|rb?|rs|scala|svelte|swift"
    r"|vb|vue)$",
    re.IGNORECASE,
)
"""The endings of programs that no scanner of this suite reads."""


def scan_for_injection(root: Path, names: Sequence[str], *, timeout: float) -> ScannerFacts:
    """Scan those of the files `names` (relative to `root`) that are programs or pages.

    Comments that silence the scanner (`nosemgrep`) are ignored. A program that it could not read,
    or for whose language there is no rule, is a `problem`. Nothing is fetched or sent.

    Raises `EnvironmentFailure` when semgrep is missing or fails.
    """
    python = root / PYTHON
    if not python.exists():
        raise EnvironmentFailure("semgrep is not installed in .tools/semgrep. Try: make setup")
    present = [name for name in names if (root / name).is_file()]
    wanted = [name for name in present if _READ.search(name)]
    unread = [f"{name} (no rules)" for name in present if _UNREAD.search(name)]
    if not wanted:
        problem = _unread(unread)
        return ScannerFacts(NAME, "code", unit="programs and pages", problem=problem)
    with tempfile.TemporaryDirectory(prefix="acceptance-semgrep-") as temporary:
        # With -P no folder of the repository is taken for one of semgrep's own modules.
        # Without --legacy it starts a script that contains an old path.
        command = [str(python), "-P", "-m", "semgrep.console_scripts.entrypoint", "--legacy"]
        command += [
            "scan",
            "--json",
            "--quiet",
            f"--config={RULES}",
            "--disable-nosem",
            "--no-git-ignore",
        ]
        command += ["--metrics=off", "--disable-version-check", "--jobs=1", "--max-target-bytes=0"]
        environment = _environment(Path(temporary))
        answer, seconds = answer_of(
            NAME, [*command, "--", *wanted], cwd=root, timeout=timeout, env=environment
        )
    scanned = set(answer["paths"]["scanned"])
    wrong = {each["path"]: each["type"] for each in answer["errors"] if "path" in each}
    unread += [f"{name} ({_kind(wrong[name])})" for name in wanted if name in wrong]
    unread += [f"{name} (left out)" for name in wanted if name not in scanned | wrong.keys()]
    findings = tuple(dict.fromkeys(_finding(root, each) for each in answer["results"]))
    return ScannerFacts(
        NAME,
        "code",
        answer["version"],
        scanned=len(scanned - wrong.keys()),
        unit="programs and pages",
        findings=findings,
        seconds=seconds,
        problem=_unread(unread),
    )


def _unread(names: Sequence[str]) -> str:
    return f"It could not read {'; '.join(names)}." if names else ""


def _kind(found: Any) -> str:  # noqa: ANN401 (JSON)
    """Return the kind of an error, of which semgrep writes the name alone or with details."""
    return str(found[0] if isinstance(found, list) else found)


def _finding(root: Path, found: dict[str, Any]) -> ScanFinding:
    # semgrep puts the path of the rules' folder before the name of a rule.
    rule, line = found["check_id"].rpartition(".")[2], found["start"]["line"]
    lines = (root / found["path"]).read_text(encoding="utf-8", errors="replace").splitlines()
    text = "\n".join(lines[line - 1 : found["end"]["line"]]).strip()
    return ScanFinding(
        NAME,
        rule,
        found["path"],
        found["extra"]["message"],
        line=line,
        fingerprint=fingerprint(rule, text),
    )


def _environment(home: Path) -> dict[str, str | None]:
    """Hide this user's configuration and keys from semgrep."""
    foreign = [name for name in os.environ if name.startswith("SEMGREP_")]
    return {
        **dict.fromkeys(foreign),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "SEMGREP_SETTINGS_FILE": str(home / "settings.yml"),
        "PYTHONPATH": None,
    }
