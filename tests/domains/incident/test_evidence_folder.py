from __future__ import annotations

import hashlib
from pathlib import Path

from acceptance.domains.incident.drivers.evidence_folder import HASHES, EvidenceFile, read_evidence


def test_files_are_compared_with_the_list_of_hashes(tmp_path: Path) -> None:
    """A file is sealed if its hash is listed, in a folder and in binary mode too."""
    (tmp_path / "a.txt").write_bytes(b"calm")
    (tmp_path / "b.txt").write_bytes(b"changed")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.txt").write_bytes(b"calm")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    digest = hashlib.sha256(b"calm").hexdigest()
    lines = f"{digest}  a.txt\n{digest}  b.txt\n{digest} *more/c.txt\nnonsense\n"
    (tmp_path / HASHES).write_text(lines, encoding="utf-8")
    assert read_evidence(tmp_path) == (
        EvidenceFile("a.txt", 4, sealed=True, content=b"calm"),
        EvidenceFile("b.txt", 7, sealed=False, content=b"changed"),
        EvidenceFile("more/c.txt", 4, sealed=True, content=b"calm"),
    )


def test_a_missing_folder_has_no_evidence(tmp_path: Path) -> None:
    """Commands that preserved nothing are judged, and no error of the suite."""
    assert read_evidence(tmp_path / "absent") == ()
