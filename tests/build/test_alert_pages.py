from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from acceptance.build.rule_tests import built_promtool
from acceptance.process import run
from acceptance.project import ROOT
from acceptance.runbooks.checks import (
    assert_complete,
    required_interval,
)
from acceptance.runbooks.reader import load_runbook

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted(
    f"docs/operations/alerts/{path.name}"
    for path in (ROOT / "docs" / "operations" / "alerts").glob("*.md")
    if path.name != "README.md"
)
SECTIONS = ("Meaning", "Impact", "Diagnosis", "Cure", "Escalation")
_QUERY = re.compile(
    r"^kubectl --namespace monitoring exec deployment/prometheus "
    r"(?:--pod-running-timeout=1s )?-- (?:\\\n  )?/bin/promtool query instant "
    r"--format=json \\\n  --http\.config\.file=/etc/prometheus/web/promtool\.yaml "
    r"https://localhost:9090 \\\n  '([^']+)'",
    re.MULTILINE,
)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_says_all_and_can_be_run(page: str) -> None:
    """Every section, commands to diagnose and to cure, and bash understands each."""
    runbook = load_runbook(ROOT, page)
    assert_complete(runbook, SECTIONS, ("diagnose", "cure"))
    for block in runbook.blocks:
        subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
        assert "kubectl" in block.text


@pytest.mark.parametrize("page", PAGES)
def test_each_query_is_asked_in_the_one_way_that_is_checked(page: str) -> None:
    """With a certificate, and in plain: nobody reads an encoded query."""
    text = "".join(block.text for block in load_runbook(ROOT, page).blocks)
    assert len(_QUERY.findall(text)) == text.count("promtool query") > 0
    assert "get --raw" not in text


@pytest.mark.skipif(built_promtool() is None, reason="promtool is built by a run")
def test_prometheus_understands_the_queries_of_all_pages(tmp_path: Path) -> None:
    """A mistake in a query would be found in the night in which it is needed."""
    texts = ["".join(b.text for b in load_runbook(ROOT, page).blocks) for page in PAGES]
    queries = [query for text in texts for query in _QUERY.findall(text)]
    rules = [{"record": f"query_{at}", "expr": expr} for at, expr in enumerate(queries)]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.dump({"groups": [{"name": "queries", "rules": rules}]}, width=10000))
    promtool = built_promtool()
    assert promtool is not None
    done = run([promtool, "check", "rules", "--lint=none", path], timeout=60)
    assert f"{len(rules)} rules found" in done.stdout


def test_the_index_has_each_page() -> None:
    """And no other; each row has the alert and the severity that its page says."""
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| \[[^\]]+\]\(([\w-]+\.md)\) \|$",
        (ROOT / "docs" / "operations" / "alerts" / "README.md").read_text(),
        re.MULTILINE,
    )
    assert sorted(f"docs/operations/alerts/{name}" for _, _, name in rows) == PAGES
    for alert, severity, name in rows:
        page = (ROOT / "docs" / "operations" / "alerts" / name).read_text()
        assert f"Alert: `{alert}`. Severity: {severity}." in page


def test_on_call_says_all() -> None:
    """Rotation, severities, escalation, handover, contact check, and how often."""
    page = load_runbook(ROOT, "docs/operations/on-call.md")
    sections = ("Rotation", "Severities", "Routes", "Escalation", "Handover", "Contact check")
    assert_complete(page, (*sections, "Format"), ("contact",))
    for name in ("Rotation", "Contact check"):
        assert required_interval(page, name, name).days == 7
    subprocess.run(["bash", "-n"], input=page.commands("contact"), text=True, check=True)
