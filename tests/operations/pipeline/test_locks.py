from __future__ import annotations

import json
from pathlib import Path

from acceptance.project import ROOT
from operations.pipeline.locks import unlocked_npm, unlocked_python

HASH = f"--hash=sha256:{'a' * 64}"


def written(folder: Path, **files: str) -> Path:
    """Write files whose names have no dots."""
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_the_parts_of_this_repository_are_locked() -> None:
    """So what is refused below is no form of theirs."""
    assert unlocked_python(ROOT / "checkout/backend", "requirements.txt", "requirements.in") == []
    assert unlocked_python(ROOT / "checkout/frontend", "requirements-node.txt") == []
    assert unlocked_npm(ROOT / "checkout/frontend") == []


def test_each_declared_package_has_to_be_locked_with_a_hash(tmp_path: Path) -> None:
    """By its version too, if one is declared."""
    lock = f"fastapi==1.0 \\\n    {HASH}\nuvicorn==2.0\nhttpx>=1\nPsycopg==3.1 {HASH}\n"
    wanted = "# why\nfastapi>=2\nuvicorn\npsycopg[binary]  # more\nredis\n"
    folder = written(tmp_path, lock=lock, wanted=wanted)
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["django"]\n')
    assert unlocked_python(folder, "lock", "wanted") == [
        "lock has no hash for uvicorn",
        "lock pins no version: httpx>=1",
        "lock has fastapi 1.0, and fastapi>=2 is declared",
        "redis is declared and not in lock",
        "django is declared and not in lock",
    ]


def test_a_missing_lock_file_is_named(tmp_path: Path) -> None:
    """For both kinds."""
    assert unlocked_python(tmp_path, "requirements.txt", "requirements.in") == [
        "the lock file requirements.txt is missing"
    ]
    assert unlocked_npm(tmp_path) == ["the lock file package-lock.json is missing"]


def test_package_lock_has_to_have_what_package_json_declares(tmp_path: Path) -> None:
    """Each package with its hash, and nothing else at the top."""
    package = {"dependencies": {"preact": "11.2.0"}, "devDependencies": {"vite": "8", "tsx": "1"}}
    packages = {
        "": {
            "dependencies": {"preact": "10.0.0", "left-pad": "1"},
            "devDependencies": {"vite": "8"},
        },
        "node_modules/preact": {"integrity": "sha512-a"},
        "node_modules/vite": {},
    }
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    assert unlocked_npm(tmp_path) == [
        "package-lock.json has preact 10.0.0, not 11.2.0 as declared",
        "tsx is declared and not in package-lock.json",
        "package-lock.json has left-pad, which is not declared",
        "package-lock.json has no hash for vite",
    ]
