from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from acceptance.attestation import Claim
from acceptance.attestation.envelope import sign
from acceptance.attestation.keys import trust_lines
from acceptance.cli.__main__ import main
from acceptance.traceability import feature_files, read_features
from acceptance.tracker import parse
from fixtures.completeness import left_out
from fixtures.outcomes import Collected
from tests.forked import run_pytest
from tests.test_plugin import FEATURE, TRACKER, project, prove, report

__all__ = ["project"]
ICE = """
#### TASK-002: Second task
- **Status**: Icebox

**Acceptance Criteria**:
- [ ] It is fast
"""
ICE_FEATURE = """
  @TASK-002 @TASK-002-AC-1
  Rule: It is fast

    Scenario: The speed
      When it is asked "to fail"
      Then it answers
"""


@pytest.mark.parametrize(
    ("third", "arguments", "code", "told"),
    [
        ("well", ("--gate", "sprint"), 0, "The gate sprint is passed: 2 of 2 items met"),
        ("to fail", ("--gate", "TASK-001"), 1, "is not passed: 1 unmet, 0 unverified"),
        ("well", ("--gate", "sprint", "-k", "data"), 65, "a part only"),
        ("to stop", ("--gate", "sprint"), 130, "0 unmet, 1 unverified"),
    ],
)
def test_a_gate_decides_the_exit_code(
    project: pytest.Pytester, third: str, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """Ready, unmet, a part, interrupted: each has its code, and the report says the same."""
    result, _ = prove(project, "well", "well", third, *arguments)
    assert result.ret == code
    if code != 130:
        assert told in result.stdout.str()
    assert report(project)["gate"]["name"] == arguments[1]
    assert report(project)["ready"] == (code == 0)


def test_without_an_environment_a_gate_is_69(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was proved, and nothing is called unmet."""
    monkeypatch.setenv("NO_CLUSTER", "yes")
    result, _ = prove(project, "well", "well", "well", "--gate", "sprint")
    assert result.ret == 69


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--gate", "sprint", "other"), "nothing was proved"),
        (("--gate", "TASK-009"), "There is no gate TASK-009"),
    ],
)
def test_a_run_of_nothing_passes_no_gate(
    project: pytest.Pytester, arguments: tuple[str, ...], told: str
) -> None:
    """Tests that pass are no scenarios, and a gate has to exist."""
    text = FEATURE.format(first="well", second="well", third="well")
    (project.path / "features" / "first.feature").write_text(text)
    (project.path / "other").mkdir()
    (project.path / "other" / "test_other.py").write_text("def test_passes(): pass\n")
    result = run_pytest(project.path, "-q", *arguments)
    assert result.ret == 65
    assert told in result.stdout.str() + result.stderr.str()


def test_what_is_in_the_icebox_does_not_hold_up_the_sprint(project: pytest.Pytester) -> None:
    """Its scenario fails, which is told and is nothing to this gate; another test's failure is."""
    (project.path / "tracker.md").write_text(TRACKER + ICE)
    text = FEATURE.replace("@TASK-001\nFeature", "Feature") + ICE_FEATURE
    text = text.format(first="well", second="well", third="well")
    (project.path / "features" / "first.feature").write_text(text)
    result = run_pytest(project.path, "-q", "--gate", "sprint")
    assert result.ret == 0, result.stdout.str()
    assert "failed" in result.stdout.str()
    (project.path / "features" / "test_other.py").write_text("def test_fails(): assert False\n")
    assert run_pytest(project.path, "-q", "--gate", "sprint").ret == 1


def test_a_scenario_that_no_module_binds_is_left_out(tmp_path: Path) -> None:
    """What the official parser finds is held against what was collected, examples included."""
    text = FEATURE.format(first="a", second="b", third="c")
    outline = text.replace("Scenario: The data", "Scenario Outline: The <kind>", 1)
    outline += "\n      Examples:\n        | kind |\n        | data |\n        | state |\n"
    (tmp_path / "first.feature").write_text(outline)
    (tmp_path / "broken.feature").write_text("Featur: x\n")
    features, unreadable = read_features(feature_files(tmp_path))
    names = ("The first question", "The second question", "The state")
    collected: Collected = {name: (("TASK-001-AC-1",), name, "first.feature") for name in names}
    assert "broken.feature" in str(unreadable[0])
    (missing,) = left_out(collected, features)
    assert (missing.name, missing.status) == ("The data", "unselected")
    assert missing.item_ids == ("TASK-001-AC-2",)
    collected["the data"] = ((), "The data", "")
    assert left_out(collected, features) == ()


@pytest.fixture
def signer(project: pytest.Pytester) -> CryptoSigner:
    """Ada's key, in a project that asks for her word beside the scenarios of one item."""
    made = CryptoSigner.generate_ed25519()
    days = (dt.date(2020, 1, 1), dt.date(2099, 12, 31))
    lines = trust_lines(made.public_key, "Ada", ["keeper", "boss"], *days)
    (project.path / "attestations").mkdir()
    (project.path / "attestations" / "trust.toml").write_text(
        '[policy]\nmax_commits = 9\nmay_waive = ["boss"]\n'
        f'[items]\nTASK-001-AC-2 = {{ role = "keeper", mode = "also" }}\n{lines}'
    )
    subprocess.run(["git", "init", "-q", "--template="], cwd=project.path, check=True)
    commit(project, ".")
    return made


def commit(project: pytest.Pytester, path: str) -> None:
    """Commit what is below a path."""
    who = "-c user.name=A -c user.email=a@b.example -c commit.gpgsign=false"
    for command in (f"add {path}", f"{who} commit -q -m Change"):
        subprocess.run(["git", *command.split()], cwd=project.path, check=True)


def keep(project: pytest.Pytester, signer: CryptoSigner, **changed: object) -> None:
    """Sign a statement about the item, as Ada."""
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project.path, check=True, capture_output=True, text=True
    )
    item = next(
        each
        for each in parse(project.path / "tracker.md").items
        if each.id == changed.get("item", "TASK-001-AC-2")
    )
    said = {
        "kind": "attestation",
        "item": item.id,
        "item_sha256": item.sha256,
        "statement": "I keep it.",
        "person": "Ada",
        "role": "keeper",
        "date": dt.date(2026, 1, 1),
        "expires": dt.date(2099, 1, 1),
        "commit": head.stdout.strip(),
        **changed,
    }
    claim = Claim(**said)  # type: ignore[arg-type]
    name = f"{claim.kind}.{claim.item}.dsse.json"
    (project.path / "attestations" / name).write_bytes(sign(claim.to_bytes(), signer))


def test_a_word_that_is_asked_for_is_waited_for_and_kept(
    project: pytest.Pytester, signer: CryptoSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the item is open and Ada's role owes it; with it, it is met, on evidence.

    `acceptance gate` then says the same of the report, once what was signed is committed.
    """
    result, verdicts = prove(project, "well", "well", "well", "--gate", "sprint")
    assert verdicts == {"TASK-001-AC-1": "met", "TASK-001-AC-2": "unverified"}
    assert result.ret == 10
    assert "unverified TASK-001-AC-2 (keeper): no attestation by the role keeper" in (
        result.stdout.str()
    )
    keep(project, signer)
    waived = {"kind": "waiver", "role": "boss", "issue": "https://issues.example/1"}
    keep(project, signer, item="TASK-001-AC-1", **waived)
    commit(project, ".")
    result, verdicts = prove(project, "well", "well", "well", "--gate", "sprint")
    assert verdicts == {"TASK-001-AC-1": "met", "TASK-001-AC-2": "met"}
    assert result.ret == 0, result.stdout.str()
    document = report(project)
    envelope = document["items"][1]["evidence"][-1]
    content = (project.path / "reports" / envelope["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == envelope["sha256"]
    assert document["items"][1]["attestations"][0]["valid"] is True
    assert any("The waiver of TASK-001-AC-1 by Ada is not used" in n for n in document["notes"])
    monkeypatch.chdir(project.path)
    assert main(["gate"]) == 0


def test_neither_word_nor_waiver_helps_a_failure(
    project: pytest.Pytester, signer: CryptoSigner
) -> None:
    """It stays unmet, as everybody sees; the waiver lets the gate pass without it."""
    keep(project, signer)
    waived = {"kind": "waiver", "role": "boss", "issue": "https://issues.example/1"}
    keep(project, signer, **waived)
    result, verdicts = prove(project, "well", "well", "to fail", "--gate", "sprint")
    assert verdicts["TASK-001-AC-2"] == "unmet"
    assert result.ret == 0, result.stdout.str()
    assert "waived TASK-001-AC-2 (unmet) by Ada until 2099-01-01" in result.stdout.str()


@pytest.mark.usefixtures("signer")
def test_a_broken_trust_is_told_before_a_cluster_is_started(project: pytest.Pytester) -> None:
    """65, one sentence, and nothing was begun."""
    (project.path / "attestations" / "trust.toml").write_text("[policy]\n")
    text = FEATURE.format(first="well", second="well", third="well")
    (project.path / "features" / "first.feature").write_text(text)
    result = run_pytest(project.path, "-q")
    assert result.ret == 65
    assert "trust.toml: policy is wrong" in result.stdout.str() + result.stderr.str()
    assert not (project.path / "started").exists()
    assert not (project.path / "reports" / "readiness.json").exists()
