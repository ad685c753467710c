from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from acceptance.domains.delivery.drivers.scanners import (
    code,
    images,
    manifests,
    secrets,
    workflows,
)
from acceptance.domains.delivery.drivers.scanners.facts import ScannerFacts, attempt, fingerprint
from acceptance.errors import EnvironmentFailure
from tests.fakes.image_archive import write_image
from tests.fakes.recorded import scanners
from tests.fakes.recorded.apt import RecordedApt


def program(path: Path, script: str) -> None:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recorded programs, found before all others."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "bin"


def test_a_comment_does_not_silence_the_scan_of_code(tmp_path: Path) -> None:
    """Nor does a configuration file in the tree: only the exceptions file accepts findings."""
    (tmp_path / ".bandit").write_text("[bandit]\nskips: B602\n")
    (tmp_path / "a.py").write_text(
        "import subprocess\n\n\ndef f(x: str) -> None:\n"
        "    subprocess.run(f'lp {x}', shell=True)  # nosec\n"
    )
    (tmp_path / "page.ts").write_text("eval(location.hash)")
    scan = code.scan_code(tmp_path, ["a.py", "page.ts", "gone.py"], timeout=30)
    assert (scan.scanned, scan.problem) == (1, "")
    found = {each.rule: each for each in scan.findings}
    assert (found["B602"].severity, found["B602"].confidence) == ("HIGH", "HIGH")
    assert str(found["B602"]).endswith("(B602) in a.py:5")


def test_a_comment_does_not_silence_the_scan_of_workflows(tmp_path: Path) -> None:
    """Nor does a configuration file in the tree; actions of the repository are scanned as well."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (tmp_path / ".github" / "zizmor.yml").write_text(
        "rules:\n  template-injection:\n    disable: true\n"
    )
    (folder / "greet.yaml").write_text(
        "on: push\npermissions: {}\njobs:\n  greet:\n    runs-on: ubuntu-24.04\n    steps:\n"
        '      - run: echo "${{ github.event.head_commit.message }}"'
        "  # zizmor: ignore[template-injection]\n"
    )
    (tmp_path / "greet").mkdir()
    (tmp_path / "greet" / "action.yml").write_text(
        "runs:\n  using: composite\n  steps:\n    - uses: somebody/action@main\n"
    )
    names = [".github/workflows/greet.yaml", "greet/action.yml", "docs/page.yml", "gone/action.yml"]
    scan = workflows.scan_workflows(tmp_path, names, timeout=60)
    assert (scan.scanned, scan.problem) == (2, "")
    found = {str(each): (each.severity, each.confidence) for each in scan.findings}
    place = ".github/workflows/greet.yaml:7"
    text = f"zizmor: code injection via template expansion (template-injection) in {place}"
    assert found[text] == ("HIGH", "HIGH")
    assert any("(unpinned-uses) in greet/action.yml:4" in each for each in found)


def test_a_workflow_that_cannot_be_read_was_not_scanned(tmp_path: Path) -> None:
    """It may hold anything; without any workflow there is nothing to scan."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "broken.yml").write_text("on: push\njobs: [\n")
    with pytest.raises(EnvironmentFailure):
        workflows.scan_workflows(tmp_path, [".github/workflows/broken.yml"], timeout=60)
    assert workflows.scan_workflows(tmp_path, ["docs/page.yml"], timeout=60).scanned == 0


def test_code_that_cannot_be_read_was_not_scanned(tmp_path: Path) -> None:
    """A file that no parser understands may hold anything."""
    (tmp_path / "a.py").write_text("def (:\n")
    scan = code.scan_code(tmp_path, ["a.py"], timeout=30)
    assert "could not read a.py: syntax error" in scan.problem
    nothing = code.scan_code(tmp_path, ["page.ts"], timeout=30)
    assert (nothing.scanned, nothing.problem) == (0, "")


def test_secrets_are_found_whatever_comments_say(tmp_path: Path) -> None:
    """In every file, also behind a linked folder; the value itself is not in the facts."""
    real = tmp_path / "real"
    (real / "deep").mkdir(parents=True)
    key = "AKIA" + "QYLPMN5HFZXTRB3C"
    (real / "deep" / "app.env").write_text(f"KEY={key}  # pragma: allowlist secret\n")
    (real / "fine.py").write_text("answer = 42\n")
    (tmp_path / "linked").symlink_to(real)
    scan = secrets.scan_secrets(tmp_path / "linked", ["deep/app.env", "fine.py"], timeout=60)
    assert (scan.scanned, scan.problem) == (2, "")
    (found,) = scan.findings
    assert (
        str(found) == "detect-secrets: what looks like a secret (AWS Access Key) in deep/app.env:1"
    )
    assert key not in repr(scan)


def test_a_scanner_that_misses_the_canary_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty answer does not mean a clean repository."""
    program(tmp_path / "python", """echo '{"results": {}, "version": "1.5.0"}'""")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(EnvironmentFailure, match="did not find the canary"):
        secrets.scan_secrets(tmp_path, [], timeout=30)


def checkov(root: Path, answer: dict[str, Any]) -> None:
    """Install a checkov that gives a recorded answer, if it is called without a network."""
    (root / "answer.json").write_text(json.dumps(answer))
    program(
        root / manifests.PYTHON,
        f'case "$*" in *--skip-download*) ;; *) exit 64 ;; esac\n'
        f'[ -z "$BC_API_KEY" ] && [ "$HOME" = "$PWD" ] && cat {root}/answer.json',
    )


def test_manifests_are_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that an annotation skips is a finding; a pod has the name of its workload."""
    monkeypatch.setenv("BC_API_KEY", "somebody's")
    checkov(tmp_path, scanners.CHECKOV)
    deployed = {"overlays/production": [{"kind": "Deployment"}], "job.yaml": [{"kind": "Job"}]}
    scan = manifests.scan_manifests(tmp_path, deployed, timeout=30)
    assert (scan.scanned, scan.version, scan.problem) == (17, "3.3.30", "")
    assert [(each.rule, each.where) for each in scan.findings] == [
        ("CKV_K8S_16", "Deployment.checkout.backend"),
        ("CKV2_ACCEPTANCE_1", "Pod.checkout.backend"),
        ("CKV_K8S_23", "StatefulSet.checkout.database"),
    ]
    assert str(scan.findings[0]).endswith("Deployment.checkout.backend of overlays/production")


def test_manifests_that_cannot_be_read_were_not_scanned(tmp_path: Path) -> None:
    """Neither an answer about no object nor one with errors counts as a scan."""
    with pytest.raises(EnvironmentFailure, match=r"not installed in \.tools/checkov"):
        manifests.scan_manifests(tmp_path, {}, timeout=30)
    checkov(tmp_path, scanners.CHECKOV_NOTHING)
    nothing = manifests.scan_manifests(tmp_path, {}, timeout=30)
    assert nothing.scanned == 0 and nothing.problem
    broken = {**scanners.CHECKOV["summary"], "parsing_errors": 2}
    checkov(tmp_path, {**scanners.CHECKOV, "summary": broken})
    scan = manifests.scan_manifests(tmp_path, {}, ["chart.yaml"], timeout=30)
    assert scan.problem == "It could not read 2 of the objects; chart.yaml."


@pytest.fixture
def apt(programs: Path) -> RecordedApt:
    """A recorded apt that offers an update for the image."""
    return RecordedApt(programs)


@pytest.fixture
def image(programs: Path) -> str:
    """An image in the cache."""
    archive = programs.parent / "cache/checkout-acceptance/image-app/abc/image.tar"
    archive.parent.mkdir(parents=True)
    sources = "etc/apt/sources.list.d/debian.sources"
    files = {
        "var/lib/dpkg/status": scanners.DPKG_STATUS.encode(),
        sources: scanners.DEBIAN_SOURCES.encode(),
    }
    write_image(archive, files)
    return "localhost/app:abc"


def test_security_updates_are_looked_for_in_images(image: str, apt: RecordedApt) -> None:
    """Each names the image and the version; outdated lists prove nothing."""
    scan = images.scan_updates([image], timeout=30)
    assert (scan.scanned, scan.version) == (2, "2.6.1")
    (found,) = scan.findings
    assert found.where == "app/libc6"
    assert "update 2.36-9+deb12u14 of libc6 is not installed" in found.text
    apt.go_away()
    with pytest.raises(EnvironmentFailure, match="does not answer; its last lists are of Mon, 23"):
        images.scan_updates([image], timeout=30)


def test_an_image_that_is_missing_cannot_be_scanned(programs: Path) -> None:
    """Docker does not have it either; without images there is nothing to scan."""
    program(programs / "docker", "echo 'No such image' >&2; exit 1")
    with pytest.raises(EnvironmentFailure, match="localhost/app:1 is not on this machine"):
        images.scan_updates(["localhost/app:1"], timeout=30)
    with pytest.raises(EnvironmentFailure, match="release has no image"):
        images.scan_updates([], timeout=30)


def test_trivy_is_used_where_it_is_installed(image: str, programs: Path) -> None:
    """It gets the image as a folder; without its database it cannot scan."""
    (programs.parent / "trivy.json").write_text(json.dumps(scanners.TRIVY))
    program(
        programs / "trivy",
        'case "$1" in --version) echo "Version: 0.69.1" ;; '
        f"*) [ -e index.json ] && cat {programs.parent}/trivy.json ;; esac",
    )
    scan = images.scan_with_trivy([image], timeout=30)
    assert (scan.scanned, scan.version) == (2, "0.69.1")
    (found,) = scan.findings
    assert (found.rule, found.where, found.severity) == ("CVE-2023-45853", "app/zlib1g", "CRITICAL")
    program(programs / "trivy", "echo 'FATAL failed to download vulnerability DB' >&2; exit 1")
    with pytest.raises(EnvironmentFailure, match="trivy did not answer in JSON: FATAL"):
        images.scan_with_trivy([image], timeout=30)


def test_a_scanner_that_fails_is_a_fact() -> None:
    """The others still count, and the problem says what was missing."""

    def fail() -> ScannerFacts:
        raise EnvironmentFailure("It is not installed. Try: make setup\nmore")

    scan = attempt("bandit", "code", fail)
    assert (scan.scanner, scan.part, scan.scanned) == ("bandit", "code", 0)
    assert scan.problem == "It is not installed. Try: make setup"


def test_fingerprints_differ_and_do_not_look_like_secrets() -> None:
    """The secret scanner would report hexadecimal ones."""
    assert fingerprint("a", "b") != fingerprint("ab")
    assert len(fingerprint("a")) == 16
    assert not set(fingerprint("a")) <= set("0123456789abcdef")
