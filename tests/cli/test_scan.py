from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema.validators import validator_for

from acceptance.cli.__main__ import main
from acceptance.domains.delivery import scanning
from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.drivers.sarif import SarifRun, read_sarif
from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding, ScannerFacts
from acceptance.project import ROOT

KEY = ScanFinding(
    "detect-secrets", "AWS Access Key", "a.env", "a secret", line=3, fingerprint="abc"
)
POD = ScanFinding("checkov", "CKV_K8S_16", "Pod.shop.web", "Container should not be privileged")
EXCEPTION = """[[exception]]
scanner = "detect-secrets"
rule = "AWS Access Key"
where = "a.env"
owner = "Team"
reason = "made up"
expires = 2099-01-31
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in whose folder the command runs."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "a.env").touch()
    (tmp_path / "security").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find(monkeypatch: pytest.MonkeyPatch, *findings: ScanFinding, problem: str = "") -> None:
    """Let the scanners find something, or checkov have a problem."""
    facts = {"secrets": "detect-secrets", "deployment": "checkov", "code": "bandit"}
    scans = [
        ScannerFacts(
            name,
            part,  # type: ignore[arg-type]
            "1.0",
            scanned=0 if problem and name == "checkov" else 3,
            unit="files",
            findings=tuple(each for each in findings if each.scanner == name),
            problem=problem if name == "checkov" else "",
        )
        for part, name in facts.items()
    ]
    monkeypatch.setattr(
        scanning,
        "_scanners",
        lambda target, _: [
            (each.scanner, each.part, lambda each=each: each)
            for each in scans
            if each.part in target.parts
        ],
    )


def test_a_clean_scan_says_what_was_scanned(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An accepted finding is shown with the exception's owner and last day."""
    (project / FILE).write_text(EXCEPTION)
    find(monkeypatch, KEY)
    assert main(["scan"]) == 0
    said = capsys.readouterr().out
    assert "checkov 1.0 (deployment): 3 files, 0 findings" in said
    assert "accepted until 2099-01-31 by Team: detect-secrets: a secret" in said
    assert said.endswith("Nothing critical in code, deployment, secrets.\n")


@pytest.mark.parametrize("expired", [False, True], ids=["without", "expired"])
def test_a_critical_finding_is_named(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    expired: bool,
) -> None:
    """With its fingerprint, for an exception; one that has expired accepts nothing."""
    if expired:
        (project / FILE).write_text(EXCEPTION.replace("2099", "2020"))
    find(monkeypatch, KEY)
    assert main(["scan"]) == 1
    said = capsys.readouterr().out
    line = "CRITICAL detect-secrets: a secret (AWS Access Key) in a.env:3 [fingerprint abc]"
    assert line in said.splitlines()
    assert ("expired on 2020-01-31" in said) == expired


@pytest.mark.usefixtures("project")
def test_a_part_that_was_not_scanned_makes_the_scan_incomplete(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless the part was not asked for."""
    find(monkeypatch, problem="It is not installed.")
    assert main(["scan"]) == 69
    assert "NOT SCANNED: the deployment (checkov: It is not" in capsys.readouterr().out
    assert main(["scan", "--part", "secrets"]) == 0


def test_exceptions_that_cannot_be_read_end_the_scan(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could accept anything."""
    find(monkeypatch)
    (project / FILE).write_text("[[exception")
    assert main(["scan"]) == 65


def test_the_sarif_is_valid_and_has_the_same_findings(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the standard's schema; a finding about an object is shown in its overlay."""
    (project / FILE).write_text(EXCEPTION)
    find(monkeypatch, KEY, POD)
    assert main(["scan", "--sarif", "out/a.sarif"]) == 1
    text = (project / "out/a.sarif").read_text()
    assert read_sarif(text) == (
        SarifRun("secrets", successful=True, findings=()),
        SarifRun("deployment", successful=True, findings=(str(POD),)),
        SarifRun("code", successful=True, findings=()),
    )
    document = json.loads(text)
    schema = json.loads((ROOT / "tests/fakes/recorded/sarif-2.1.0.json").read_text())
    assert not list(validator_for(schema)(schema).iter_errors(document))
    secrets, deployment, code = document["runs"]
    assert secrets["results"][0]["suppressions"][0]["justification"].startswith("made up (Team")
    (result,) = deployment["results"]
    assert "suppressions" not in result
    place = result["locations"][0]
    assert place["logicalLocations"] == [{"fullyQualifiedName": "Pod.shop.web"}]
    assert place["physicalLocation"]["artifactLocation"] == {
        "uri": "manifests/overlays/embedded/kustomization.yaml"
    }
    assert code["results"] == []


def test_the_sarif_says_that_a_scanner_could_not_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an empty list of findings would look clean."""
    find(monkeypatch, problem="It is not installed.")
    main(["scan", "--sarif", "a.sarif"])
    runs = json.loads((project / "a.sarif").read_text())["runs"]
    assert [each["invocations"][0]["executionSuccessful"] for each in runs] == [True, False, True]
