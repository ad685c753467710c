from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from acceptance.cli.__main__ import main

TRACKER = """# Shop

## ABC-1: Pay
**Acceptance Criteria**:
- [ ] A card is charged
- [ ] A receipt is sent
"""
FEATURE = """Feature: Pay

  @ABC-1-AC-1
  Rule: A card is charged

    Scenario Outline: It pays <what>
      When somebody pays <what>
      Then it is charged

      Examples:
        | what |
        | much |
        | less |
"""
STEPS = """from pytest_bdd import parsers, then, when

@when(parsers.parse("somebody pays {what}"))
@then("it is charged")
def _(): ...
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in whose folder the command is called."""
    for name, text in (
        ("pyproject.toml", "[tool.acceptance]\n"),
        ("tracker.md", TRACKER),
        ("features/pay.feature", FEATURE),
        ("steps/pay.py", STEPS),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keep_report(project: Path, tracker: str = TRACKER, schema: str = "2") -> None:
    """Write what `trace` reads of a readiness report."""
    (project / "reports").mkdir(exist_ok=True)
    item = {
        "id": "ABC-1-AC-1",
        "verdict": "met",
        "reason": "2 scenarios passed, with evidence",
        "scenarios": [{"name": "It pays much", "status": "passed"}],
        "evidence": [{"path": "evidence/it-pays/1.json", "sha256": "0"}],
    }
    document = {
        "schema": f"checkout-acceptance/readiness/{schema}",
        "tracker": {"sha256": hashlib.sha256(tracker.encode()).hexdigest()},
        "items": [item],
    }
    (project / "reports" / "readiness.json").write_text(json.dumps(document))


def test_the_table_shows_what_each_item_rests_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Items, scenarios with their steps, evidence; and how many items are covered."""
    keep_report(project)
    assert main(["trace"]) == 0
    told = capsys.readouterr()
    for text in (
        "ABC-1-AC-1",
        "It pays much",
        "When somebody pays less",
        "evidence/it-pays/1.json",
    ):
        assert text in told.out
    assert "no scenario" in told.out
    assert told.out.endswith("1 of 2 items are covered, by 2 scenarios; 1 met.\n")
    assert told.err == ""


@pytest.mark.parametrize("schema", ["1", "2"])
def test_json_has_every_item_with_its_evidence(
    project: Path, capsys: pytest.CaptureFixture[str], schema: str
) -> None:
    """What is printed is for programs, also after a run with the older schema of reports."""
    keep_report(project, schema=schema)
    assert main(["trace", "--format", "json", "--reports", "reports"]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert (document["items"], document["covered"], document["findings"]) == (2, 1, [])
    first, second = document["rows"]
    assert (first["id"], first["line"], first["verdict"]) == ("ABC-1-AC-1", 5, "met")
    assert [(each["name"], each["status"]) for each in first["scenarios"]] == [
        ("It pays much", "passed"),
        ("It pays less", ""),
    ]
    assert first["scenarios"][0]["steps"][0] == {
        "keyword": "When",
        "text": "somebody pays much",
        "definition": "steps/pay.py:3",
    }
    assert first["evidence"] == ["evidence/it-pays/1.json"]
    assert (second["verdict"], second["scenarios"]) == (None, [])
    assert "1 of 2 items are covered" in told.err


def test_csv_has_a_line_for_each_step(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spreadsheet opens it; an item without a scenario has its line too."""
    keep_report(project)
    assert main(["trace", "--format", "csv"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [line["item"] for line in lines] == ["ABC-1-AC-1"] * 4 + ["ABC-1-AC-2"]
    assert lines[1]["step"] == "Then it is charged"
    assert lines[1]["definition"] == "steps/pay.py:4"
    assert lines[0]["evidence"] == "evidence/it-pays/1.json"


def test_evidence_of_another_tracker_is_not_shown(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of another tracker, or none, is said to be so; the matrix has no verdict then."""
    assert main(["trace"]) == 0
    told = capsys.readouterr()
    assert "there is no reports/readiness.json" in told.err
    assert "no run" in told.out
    keep_report(project, tracker="another")
    assert main(["trace"]) == 0
    told = capsys.readouterr()
    assert "was made of another tracker" in told.err
    assert "evidence/it-pays" not in told.out


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"items": [], "tracker": 1}', '{"items": {}}']
)
def test_a_report_that_is_none_is_broken_input(
    project: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """Not a traceback, and not silently no evidence."""
    (project / "reports").mkdir()
    (project / "reports" / "readiness.json").write_text(content)
    assert main(["trace"]) == 65
    assert "is not a readiness report" in capsys.readouterr().err


def test_findings_are_told_beside_the_matrix(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The matrix is still printed, each finding has its place, and the exit code is 65."""
    (project / "features" / "pay.feature").write_text(FEATURE.replace("charged\n", "billed\n", 1))
    assert main(["trace", "--format", "json"]) == 65
    told = capsys.readouterr()
    (finding,) = json.loads(told.out)["findings"]
    assert (finding["path"], finding["line"], finding["kind"]) == (
        "features/pay.feature",
        4,
        "wording",
    )
    assert "features/pay.feature:4: ABC-1-AC-1 is worded differently" in told.err
    assert "A card is charged" in told.err
    assert "A card is billed" in told.err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """What can be asked, how, and what the exit code says."""
    with pytest.raises(SystemExit) as end:
        main(["trace", "--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert "acceptance trace --format csv" in told
    assert "exit code: 0, or 65" in told
