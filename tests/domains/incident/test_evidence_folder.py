from __future__ import annotations

import hashlib
from pathlib import Path

from acceptance.domains.incident.drivers.evidence_folder import HASHES, EvidenceFile, read_evidence


def test_files_are_compared_with_the_list_of_hashes(tmp_path: Path) -> None:
    """A file is sealed if its hash is listed, and each secret in it is counted."""
    (tmp_path / "a.txt").write_bytes(b"calm")
    (tmp_path / "b.txt").write_bytes(b"hunter2 hunter3")
    digest = hashlib.sha256(b"calm").hexdigest()
    (tmp_path / HASHES).write_text(f"{digest}  a.txt\n{digest}  b.txt\n", encoding="utf-8")
    assert read_evidence(tmp_path, {b"hunter2", b"hunter3", b"absent"}) == (
        EvidenceFile("a.txt", 4, sealed=True, secrets=0),
        EvidenceFile("b.txt", 15, sealed=False, secrets=2),
    )


def test_a_missing_folder_has_no_evidence(tmp_path: Path) -> None:
    """Commands that preserved nothing are judged, and no error of the suite."""
    assert read_evidence(tmp_path / "absent", ()) == ()
