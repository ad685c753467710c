"""Makes the Allure report from allure-pytest's results: one file, which needs no network."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.errors import EnvironmentFailure
from acceptance.process import run as run_program
from acceptance.project import ROOT
from acceptance.readiness.report.allure_verdicts import tell_verdicts
from acceptance.readiness.report.headline import headline
from acceptance.setup.npm import node_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAM = ROOT / "tools" / "allure" / "node_modules" / "allure" / "cli.js"
_RUNS_REMEMBERED = 50
# The page would load a script for statistics from the network, and no option stops it.
_STATISTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/.*?</script>\s*<script>.*?</script>",
    re.DOTALL,
)
# Allure shows a relative address as text, not as a link. This script adds a link to the item in the
# readiness report, which is in the folder above.
_LINKS = """<script>
new MutationObserver(() => {
  for (const shown of document.querySelectorAll('[data-testid="test-result-meta-link"]')) {
    let link = shown.querySelector("a.readiness");
    const name = (shown.querySelector("span") || shown).textContent;
    if (!/-(AC|DOD)-[0-9]+$/.test(name)) continue;
    if (!link) {
      link = document.createElement("a");
      link.className = "readiness";
      link.target = "_blank";
      link.style.marginLeft = ".5em";
      shown.append(link);
    }
    const address = "../readiness.html#" + name;
    if (link.getAttribute("href") === address) continue;
    link.href = address;
    link.textContent = name + " in the readiness report";
  }
}).observe(document.body, {childList: true, subtree: true, characterData: true});
</script>"""
_CATEGORIES = (
    ("Unmet: a scenario failed", "failed"),
    ("No verdict: the environment was lost, or the suite has an error", "broken"),
    ("Unverified: a scenario, its evidence or an attestation is missing", "skipped"),
)


def write_allure_report(
    document: Mapping[str, Any], results: Path, target: Path, *, timeout: float
) -> None:
    """Write `target`/index.html from the folder `results`; `timeout` is in seconds.

    `document` is the readiness report; each item gets the same verdict in the Allure report.

    A file beside `target` keeps earlier runs, for Allure's own history.

    Raises `EnvironmentFailure` if Allure is missing, fails or is late; the last report stays.
    """
    if not _PROGRAM.exists():
        raise EnvironmentFailure("Allure is not installed. Try: make setup")
    tell_verdicts(document, results)
    with tempfile.TemporaryDirectory(prefix="acceptance-allure-") as folder:
        made, config = Path(folder, "report"), Path(folder, "allurerc.json")
        history = target.with_name("allure-history.jsonl")
        config.write_text(json.dumps(_config(document, made, history)), encoding="utf-8")
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
        page = f"{_LINKS}</body>".join(_STATISTICS.sub("", page).rsplit("</body>", 1))
        (made / "index.html").write_text(page, encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(made, target)


def _config(document: Mapping[str, Any], made: Path, history: Path) -> dict[str, Any]:
    cluster = document["cluster"]
    where = "none"
    if cluster["driver"] is not None:
        where = f"{cluster['flavour']} {cluster['version']} ({cluster['driver']})"
    shown = {
        "Readiness": headline(document).title,
        "Cluster": where,
        "Commit": document["commit"],
        "Tracker": f"SHA-256 {document['tracker']['sha256']}",
        "Images": ", ".join(document["images"]) or "none",
        "Started": document["started"],
        "Command": document["reproduce"],
    }
    if document["environment_failure"] is not None:
        shown["Environment failure"] = document["environment_failure"]
    name = f"{document['tracker']['title']}: acceptance"
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
