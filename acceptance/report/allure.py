"""The Allure report, from the results that allure-pytest left: one file, which needs no network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.errors import EnvironmentFailure
from acceptance.process import run as run_program
from acceptance.setup.npm import node_folder
from acceptance.setup.step import ROOT

if TYPE_CHECKING:
    from acceptance.report.facts import RunFacts
    from acceptance.tracker import Tracker

_PROGRAM = ROOT / "tools" / "allure" / "node_modules" / "allure" / "cli.js"
_RUNS_REMEMBERED = 50
# The page would load a script for statistics from the network, and no option stops it.
_STATISTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/.*?</script>\s*<script>.*?</script>",
    re.DOTALL,
)
_CATEGORIES = (
    ("Unmet: a scenario failed", "failed"),
    ("Environment: the cluster or the system could not be had", "broken"),
    ("Unverified: a scenario could not be judged here", "skipped"),
)


def write_allure_report(
    run: RunFacts, tracker: Tracker, results: Path, target: Path, *, timeout: float
) -> None:
    """Write `target`/index.html from the folder `results`; `timeout` is in seconds.

    Earlier runs are remembered in a file beside `target`, for the report's own history.

    Raises `EnvironmentFailure` if Allure is missing, fails, or is late; the last report stays.
    """
    if not _PROGRAM.exists():
        raise EnvironmentFailure("Allure is not installed. Try: make setup")
    for path in results.glob("*-result.json"):
        _make_stable(path)
    with tempfile.TemporaryDirectory(prefix="acceptance-allure-") as folder:
        made, config = Path(folder, "report"), Path(folder, "allurerc.json")
        history = target.with_name("allure-history.jsonl")
        config.write_text(json.dumps(_config(run, tracker, made, history)), encoding="utf-8")
        run_program(
            [
                *(node_folder() / "bin" / "node", _PROGRAM),
                *("generate", f"--config={config}", results),
            ],
            timeout=timeout,
            cwd=Path(folder),
            remedy="Try: make clean setup, and make acceptance again.",
        )
        page = (made / "index.html").read_text(encoding="utf-8")
        if not page.strip():
            raise EnvironmentFailure("Allure wrote an empty page. Try: make clean setup")
        (made / "index.html").write_text(_STATISTICS.sub("", page), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(made, target)


def _config(run: RunFacts, tracker: Tracker, made: Path, history: Path) -> dict[str, Any]:
    cluster = run.cluster
    shown = {
        "Cluster": f"{cluster.flavour} {cluster.version} ({cluster.driver})" if cluster else "none",
        "Commit": run.commit,
        "Tracker": f"SHA-256 {tracker.sha256}",
        "Images": ", ".join(run.images) or "none",
        "Command": run.reproduce,
    }
    name = f"{tracker.title}: acceptance"
    return {
        "name": name,
        "output": str(made),
        "historyPath": str(history),
        "historyLimit": _RUNS_REMEMBERED,
        "appendHistory": True,
        "variables": shown,
        "categories": [
            {"name": words, "matchedStatuses": [status]} for words, status in _CATEGORIES
        ],
        "plugins": {
            "awesome": {
                "options": {
                    "reportName": name,
                    "reportLanguage": "en",
                    "singleFile": True,
                    "groupBy": ["epic", "feature", "story"],
                }
            }
        },
    }


def _make_stable(path: Path) -> None:
    """Name a result by its item and title, so that its history outlives a move of the file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    labels = {label["name"]: label["value"] for label in found["labels"]}
    name = f"{labels.get('story', labels.get('suite', ''))}: {found['name']}"
    identity = hashlib.sha256(name.encode()).hexdigest()
    kept = ("epic", "feature", "story", "severity")
    found |= {
        "fullName": name,
        "historyId": identity,
        "testCaseId": identity,
        "titlePath": [labels[each] for each in kept[:3] if each in labels],
        "labels": [label for label in found["labels"] if label["name"] in kept],
        "parameters": [],
    }
    beside = path.with_suffix(f".{os.getpid()}.part")
    beside.write_text(json.dumps(found), encoding="utf-8")
    beside.replace(path)
