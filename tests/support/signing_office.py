"""A repository, a trust.toml and keys, made for one test: nothing here is anybody's."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner

from acceptance.readiness.attestation import Claim, ClaimedFile, Statements, load_statements
from acceptance.readiness.attestation.envelope import sign
from acceptance.readiness.outcome import StatementResult
from acceptance.readiness.tracker import Tracker, parse

NOW = dt.datetime(2026, 7, 15, 12, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
ITEM = "TASK-001-DOD-1"
OTHER = "TASK-001-DOD-2"
TRACKER = """# Release of a thing

#### TASK-001: First task
- **Status**: open

**Acceptance Criteria**:
- [ ] It answers

**Definition of Done (DoD)**:
- [ ] Reviewed by the security team
- [ ] Everybody was trained

#### TASK-002: Second task
- **Status**: Icebox

**Acceptance Criteria**:
- [ ] It is fast
"""


@dataclass
class Office:
    """Where statements are signed: a repository with a tracker, and two people with keys."""

    root: Path
    ada: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)
    """Of the security team."""
    bob: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)
    """Of the trainees; and the release manager."""

    def open(self) -> None:
        """Make the repository, with one commit."""
        self.write("pyproject.toml", "[tool.acceptance]\n")
        self.write("tracker.md", TRACKER)
        self.write("docs/review.txt", "nothing found")
        self.write("src/app.py", "x = 1\n")
        self.trust()
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        self.commit("First")

    @property
    def folder(self) -> Path:
        """Where the statements are."""
        return self.root / "attestations"

    @property
    def tracker(self) -> Tracker:
        """The tracker as it is now."""
        return parse(self.root / "tracker.md")

    def write(self, name: str, text: str) -> None:
        """Write a file of the repository."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> str:
        """Run git, as somebody."""
        who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@team.example")
        done = subprocess.run(
            ["git", *who, "-c", "commit.gpgsign=false", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def trust(
        self,
        valid: tuple[str, str] = ("2026-01-01", "2026-12-31"),
        *,
        covers: tuple[str, ...] = (),
        **ada: object,
    ) -> None:
        """Write trust.toml; all keys are `valid` from and until, `ada` changes hers.

        `covers` are paths that the item wants to be as they were.
        """
        people = (
            (self.ada, {"person": "Ada", "roles": ["security team"]} | ada),
            (self.bob, {"person": "Bob", "roles": ["trainees", "release manager"]}),
        )
        first = 'role = "security team", mode = "instead"'
        lines = [
            '[policy]\nmax_commits = 3\nmay_waive = ["release manager"]',
            f"[items]\n{ITEM} = {{ {first}, covers = {json.dumps(covers)} }}",
            f'{OTHER} = {{ role = "trainees", mode = "instead" }}',
        ]
        for signer, said in people:
            key = signer.public_key
            entry = {"keyid": key.keyid, "public": key.keyval["public"]}
            entry |= {"valid_from": valid[0], "valid_until": valid[1], **said}
            pairs = [f"{name} = {json.dumps(value)}" for name, value in entry.items()]
            lines.append("\n".join(["[[keys]]", *pairs]))
        self.write("attestations/trust.toml", "\n".join(lines) + "\n")

    def claim(self, **changed: Any) -> Claim:  # noqa: ANN401 (fields of several types)
        """What Ada says of the item, but for what is `changed`."""
        texts = {item.id: item.sha256 for item in self.tracker.items}
        claim = Claim(
            kind="attestation",
            item=ITEM,
            item_sha256=texts.get(changed.get("item", ITEM), "0" * 64),
            statement="I looked at everything.",
            person="Ada",
            role="security team",
            date=dt.date(2026, 7, 1),
            expires=dt.date(2026, 9, 30),
            commit=self.git("rev-parse", "HEAD"),
            covers=("src",),
            files=(self.file("docs/review.txt"),),
        )
        return replace(claim, **changed)

    def waiver(self, **changed: Any) -> Claim:  # noqa: ANN401 (fields of several types)
        """What Bob decides about the item, but for what is `changed`."""
        return self.claim(
            **{
                "kind": "waiver",
                "statement": "The customer agreed.",
                "person": "Bob",
                "role": "release manager",
                "covers": (),
                "files": (),
                "issue": "https://issues.example/1",
                **changed,
            }
        )

    def file(self, name: str) -> ClaimedFile:
        """A file as evidence."""
        content = (self.root / name).read_bytes()
        return ClaimedFile(name, hashlib.sha256(content).hexdigest())

    def keep(
        self, claim: Claim | bytes, signer: CryptoSigner | None = None, name: str = "a"
    ) -> Path:
        """Sign a claim, or any payload, as Ada if nobody is named; return the file."""
        payload = claim if isinstance(claim, bytes) else claim.to_bytes()
        path = self.folder / f"{name}.dsse.json"
        path.write_bytes(sign(payload, signer or self.ada))
        return path

    def load(self, now: dt.datetime = NOW) -> Statements:
        """Everything that lies in the folder, judged."""
        return load_statements(self.folder, self.tracker, self.root, now, timeout=30)

    def only(self, now: dt.datetime = NOW) -> StatementResult:
        """The one statement that is there."""
        (found,) = self.load(now).statements
        return found

    def notes(self) -> str:
        """What is noted, in one text."""
        return "\n".join(self.load().notes)


def payload_of(path: Path) -> dict[str, Any]:
    """What an envelope holds."""
    found: dict[str, Any] = json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))
    return found


@pytest.fixture(scope="session")
def first_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The office that the others are copies of: making a repository and keys takes its time."""
    found = Office(tmp_path_factory.mktemp("office"))
    found.open()
    return found


@pytest.fixture
def office(tmp_path: Path, first_office: Office) -> Office:
    """An office with nothing signed."""
    root = shutil.copytree(first_office.root, tmp_path / "repository")
    return replace(first_office, root=root)
