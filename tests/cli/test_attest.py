from __future__ import annotations

import hashlib
import stat
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from securesystemslib.signer import CryptoSigner

from acceptance.cli import asking
from acceptance.cli.__main__ import main
from tests.support.signing_office import ITEM, OTHER, Office, first_office, office, payload_of

__all__ = ["first_office", "office"]
SAY = ("--statement", "I looked.", "--expires", "90d")
WAIVE = ("--waive", "--reason", "It can wait.", "--issue", "https://issues.example/1")


@pytest.fixture(autouse=True)
def here(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the repository, without a terminal, with Ada's key."""
    office.trust(valid=("2020-01-01", "2099-12-31"))  # this is about today, whenever that is
    office.commit("Keys")
    monkeypatch.chdir(office.root)
    monkeypatch.setenv("ACCEPTANCE_KEY", str(key_of(office.ada, tmp_path / "ada.pem")))
    monkeypatch.setattr(asking, "on_terminal", lambda: False)
    return office.root


def key_of(signer: CryptoSigner, path: Path) -> Path:
    """Somebody's private key as a file."""
    path.write_bytes(signer.private_bytes)
    return path


def written(office: Office) -> list[Path]:
    """The statements that are there."""
    return sorted(office.folder.glob("*.dsse.json"))


def fails(sentence: str, *arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """See that the command refuses with this sentence, and says nothing else."""
    assert main(["attest", *arguments]) == 65
    err = capsys.readouterr().err
    assert sentence in err, err
    assert "Traceback" not in err


def test_what_it_writes_counts(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Person and role are those that trust.toml knows; the rest is as it was asked for."""
    digest = hashlib.sha256(b"x").hexdigest()
    link = f"https://wiki.example/r#sha256={digest}"
    options = ("--evidence", "docs/review.txt", "--evidence", link, "--covers", "src")
    assert main(["attest", ITEM, *SAY, *options]) == 0
    out, err = capsys.readouterr()
    (path,) = written(office)
    assert f"Signed: attestations/{path.name}" in out
    assert f"{ITEM}: Reviewed by the security team" in err
    assert "warning" not in err
    said = payload_of(path)["predicate"]
    assert (said["person"], said["role"], said["covers"]) == ("Ada", "security team", ["src"])
    assert said["evidence"] == [
        {"name": "docs/review.txt", "digest": {"sha256": office.file("docs/review.txt").sha256}},
        {"uri": "https://wiki.example/r", "digest": {"sha256": digest}},
    ]
    assert main(["attest", "--list"]) == 0
    assert f"valid     {ITEM}" in capsys.readouterr().out


def test_evidence_is_named_as_the_repository_calls_it(office: Office) -> None:
    """However the shell got there."""
    evidence = str(office.root / "src" / ".." / "docs" / "review.txt")
    assert main(["attest", ITEM, *SAY, "--evidence", evidence]) == 0
    assert payload_of(written(office)[0])["predicate"]["evidence"][0]["name"] == "docs/review.txt"


def test_a_second_statement_replaces_none(office: Office) -> None:
    """Nothing that was signed is overwritten."""
    for _ in range(2):
        assert main(["attest", ITEM, *SAY]) == 0
    assert [path.name.removesuffix(".dsse.json")[-2:] for path in written(office)].count("-2") == 1
    assert len(written(office)) == 2


@pytest.mark.parametrize(
    ("sentence", "arguments"),
    [
        ("Which item?", ()),
        ("did you mean TASK-001-DOD-1?", ("TASK-01-DOD-1", *SAY)),
        ("TASK-001-AC-1 needs no attestation", ("TASK-001-AC-1", *SAY)),
        ("--statement TEXT", (ITEM, "--expires", "90d")),
        ("--expires 90d", (ITEM, "--statement", "I looked.")),
        ("is not a day", (ITEM, *SAY[:2], "--expires", "soon")),
        ("is not a day", (ITEM, *SAY[:2], "--expires", "2027-02-30")),
        ("it expires (2020-01-01) before", (ITEM, *SAY[:2], "--expires", "2020-01-01")),
        ("There is no commit v9", (ITEM, *SAY, "--commit", "v9")),
        ("cannot be read", (ITEM, *SAY, "--evidence", "docs/no.txt")),
        ("outside of the repository", (ITEM, *SAY, "--evidence", "/etc/hostname")),
        ("has no hash of its content", (ITEM, *SAY, "--evidence", "https://wiki.example/r")),
        ("it covers no/such", (ITEM, *SAY, "--covers", "no/such")),
        (
            "it is in the name of Eve, but signed with the key of Ada",
            (ITEM, *SAY, "--person", "Eve"),
        ),
        ("Ada does not have the role trainees", (ITEM, *SAY, "--role", "trainees")),
        ("Ada does not have the role trainees", (OTHER, *SAY)),
        ("--role once", (ITEM, *SAY, "--role", "a", "--role", "b")),
        ("cannot be read", (ITEM, *SAY, "--key", "/no/key.pem")),
        ("are of a waiver", (ITEM, *SAY, "--issue", "https://issues.example/1")),
        ("A waiver has no statement", (ITEM, *WAIVE, *SAY)),
        ("--role ROLE", (ITEM, *WAIVE, "--expires", "9d")),
        ("statement is wrong", (ITEM, "--statement", "a\nb", "--expires", "9d")),
    ],
)
def test_what_is_missing_or_worthless_is_one_sentence(
    office: Office, capsys: pytest.CaptureFixture[str], sentence: str, arguments: tuple[str, ...]
) -> None:
    """Without a terminal nothing is asked, and nothing is written that would not count."""
    fails(sentence, *arguments, capsys=capsys)
    assert written(office) == []


def test_without_a_key_it_names_the_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option and the variable."""
    monkeypatch.delenv("ACCEPTANCE_KEY")
    fails("--key, or ACCEPTANCE_KEY", ITEM, *SAY, capsys=capsys)


def test_a_key_that_nobody_trusts_signs_nothing(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would count for nothing."""
    path = key_of(CryptoSigner.generate_ed25519(), tmp_path / "eve.pem")
    fails("is not in trust.toml", ITEM, *SAY, "--key", str(path), capsys=capsys)
    assert written(office) == []


def test_a_key_has_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no key, and a key of another kind."""
    path = tmp_path / "other.pem"
    path.write_text("no key")
    fails("is not a private key in PEM", ITEM, *SAY, "--key", str(path), capsys=capsys)
    key_of(CryptoSigner(generate_private_key(SECP256R1())), path)
    fails("is not an Ed25519 key", ITEM, *SAY, "--key", str(path), capsys=capsys)


def test_a_key_in_the_repository_is_refused(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """To sign with, and to make: it would be committed one day."""
    path = key_of(office.ada, office.root / "ada.pem")
    fails("would be in the repository", ITEM, *SAY, "--key", str(path), capsys=capsys)
    new = office.root / "sub" / "new.pem"
    arguments = ("--new-key", str(new), "--person", "Eve", "--role", "reviewer")
    fails("would be in the repository", *arguments, capsys=capsys)
    assert not new.exists()


def test_a_key_in_another_repository_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any repository is one too many."""
    (tmp_path / "other" / ".git").mkdir(parents=True)
    arguments = ("--new-key", str(tmp_path / "other/k.pem"), "--person", "E", "--role", "r")
    fails("would be in the repository", *arguments, capsys=capsys)


def test_a_new_key_is_its_owners_only(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its lines in trust.toml, and it signs; its file is private and never overwritten."""
    path = tmp_path / "keys" / "eve.pem"
    new = ("--new-key", str(path), "--person", 'Eve "E" Ö', "--role", "security team")
    assert main(["attest", *new]) == 0
    lines = capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "PRIVATE" not in lines
    (entry,) = tomllib.loads(lines)["keys"]
    assert (entry["person"], entry["roles"]) == ('Eve "E" Ö', ["security team"])
    trust = office.folder / "trust.toml"
    trust.write_text(f"{trust.read_text()}\n{lines}")
    assert main(["attest", ITEM, *SAY, "--key", str(path)]) == 0
    assert payload_of(written(office)[0])["predicate"]["person"] == 'Eve "E" Ö'
    fails("cannot be written: File exists", *new, capsys=capsys)


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Sit at a terminal and answer; return the questions."""
    asked: list[str] = []
    left = list(answers)

    def reply(question: str = "") -> str:
        asked.append(question)
        return left.pop(0)

    monkeypatch.setattr(asking, "on_terminal", lambda: True)
    monkeypatch.setattr("builtins.input", reply)
    monkeypatch.setattr("getpass.getpass", reply)
    return asked


def test_on_a_terminal_it_asks_for_what_is_missing(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key, the statement and the day; what trust.toml knows is not asked for."""
    monkeypatch.delenv("ACCEPTANCE_KEY")
    asked = answer(monkeypatch, str(tmp_path / "ada.pem"), "I looked.", "")
    assert main(["attest", ITEM]) == 0
    assert [question.split(" ")[0] for question in asked] == ["The", "What", "Until"]
    assert payload_of(written(office)[0])["predicate"]["statement"] == "I looked."


def test_an_empty_answer_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A statement that says nothing is not made."""
    answer(monkeypatch, "  ")
    fails("--statement TEXT", ITEM, "--expires", "9d", capsys=capsys)


def test_a_key_may_have_a_passphrase(
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is asked for when the key is made, and whenever it signs; a wrong one opens nothing."""
    path = tmp_path / "eve.pem"
    answer(monkeypatch, "open sesame", "open sesame", "wrong")
    new = ("--new-key", str(path), "--person", "Eve", "--role", "security team")
    assert main(["attest", *new]) == 0
    assert b"ENCRYPTED" in path.read_bytes()
    trust = office.folder / "trust.toml"
    trust.write_text(f"{trust.read_text()}\n{capsys.readouterr().out}")
    assert main(["attest", ITEM, *SAY, "--key", str(path)]) == 0
    fails("the passphrase is wrong", ITEM, *SAY, "--key", str(path), capsys=capsys)


def test_a_waiver_is_signed_by_who_may(office: Office, tmp_path: Path) -> None:
    """Bob has two roles, and one of them may waive: that one is taken."""
    key = str(key_of(office.bob, tmp_path / "bob.pem"))
    waived = "TASK-001-AC-1"
    assert main(["attest", waived, *WAIVE, "--expires", "30d", "--key", key]) == 0
    (path,) = written(office)
    assert path.name.endswith(".waiver.dsse.json")
    said = payload_of(path)["predicate"]
    assert (said["role"], said["reason"], said["issue"]) == (
        "release manager",
        "It can wait.",
        "https://issues.example/1",
    )


def test_who_may_not_waive_cannot(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Ada speaks for security, not for the release."""
    arguments = (ITEM, *WAIVE, "--expires", "30d", "--role", "security team")
    fails("the role security team may not waive", *arguments, capsys=capsys)
    assert written(office) == []


def test_it_warns_of_what_was_not_looked_at(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Changes beside the commit, another commit, and evidence that only this machine has."""
    office.write("docs/new.txt", "new")
    office.commit("New")
    office.write("docs/other.txt", "other")
    office.write("docs/review.txt", "changed")
    options = ("--commit", "HEAD~1", "--evidence", "docs/other.txt")
    assert main(["attest", ITEM, *SAY, *options]) == 0
    err = capsys.readouterr().err
    assert "which is not the commit that is checked out" in err
    assert "there are uncommitted changes: docs/review.txt and 1 more" in err
    assert "docs/other.txt is not committed yet" in err


def test_the_list_shows_due_expiring_and_expired(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The most urgent first, with the reason; broken files are told on stderr."""
    assert main(["attest", "--list"]) == 0
    first = capsys.readouterr().out.splitlines()
    assert first == [
        f"due       {ITEM:<16} security team: not signed yet",
        f"due       {OTHER:<16} trainees: not signed yet",
        "2 due, 0 expired, 0 expiring, 0 valid",
    ]
    key = str(key_of(office.bob, tmp_path / "bob.pem"))
    assert main(["attest", ITEM, *SAY[:2], "--expires", "30d"]) == 0
    assert main(["attest", "TASK-001-AC-1", *WAIVE, "--expires", "31d", "--key", key]) == 0
    day = office.claim().date.replace(year=2021)
    old = office.claim(
        item=OTHER, person="Bob", role="trainees", date=day, expires=day.replace(month=8)
    )
    office.keep(old, office.bob, "old")
    (office.folder / "bad.dsse.json").write_text("{")
    capsys.readouterr()
    assert main(["attest", "--list"]) == 0
    out, err = capsys.readouterr()
    states = [line.split()[:2] for line in out.splitlines()]
    assert states == [
        ["expired", OTHER],
        ["expiring", ITEM],
        ["valid", "TASK-001-AC-1"],
        ["0", "due,"],
    ]
    assert "expired on 2021-08-01" in out
    assert "(30 days left)" in out
    assert "waiver by release manager: Bob" in out
    assert "bad.dsse.json is not used" in err


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Help has an example of every use."""
    with pytest.raises(SystemExit) as end:
        main(["attest", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for use in ("--list", "--new-key", "--evidence", "--waive", "--covers"):
        assert f"acceptance attest {use}" in text or f" {use} " in text.partition("examples:")[2]
