from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from securesystemslib.signer import CryptoSigner

from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.readiness.attestation import ClaimedLink, load_statements, load_trust
from acceptance.readiness.attestation.envelope import PAYLOAD_TYPE
from acceptance.readiness.attestation.load import kind_of
from acceptance.readiness.redaction import Redactor
from acceptance.readiness.tracker import parse
from tests.support.signing_office import (
    ITEM,
    NOW,
    OTHER,
    TRACKER,
    Office,
    first_office,
    office,
    payload_of,
)

__all__ = ["first_office", "office"]


def test_what_was_asked_for_and_signed_counts(office: Office) -> None:
    """Otherwise the refusals below would prove nothing."""
    office.keep(office.claim(links=(ClaimedLink("https://wiki.example/r", "0" * 64),)))
    found = office.only()
    assert found.valid, found.reason
    assert (found.item, found.kind, found.person, found.role) == (
        ITEM,
        "attestation",
        "Ada",
        "security team",
    )
    assert (found.date, found.expires, found.link) == (
        "2026-07-01",
        "2026-09-30",
        "https://wiki.example/r",
    )
    assert office.load().notes == ()


def test_the_format_is_what_the_documentation_says(office: Office) -> None:
    """An in-toto Statement v1 about a commit, in a DSSE envelope of the in-toto payload type."""
    path = office.keep(office.claim())
    envelope, statement = json.loads(path.read_text()), payload_of(path)
    assert envelope["payloadType"] == PAYLOAD_TYPE == "application/vnd.in-toto+json"
    assert [each["keyid"] for each in envelope["signatures"]] == [office.ada.public_key.keyid]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0]["digest"] == {"gitCommit": office.git("rev-parse", "HEAD")}
    page = (ROOT / "docs" / "attestations.md").read_text(encoding="utf-8")
    assert statement["predicateType"] in page
    assert all(f"`{name}`" in page for name in statement["predicate"])


def test_its_evidence_is_kept_with_hashes(office: Office, tmp_path: Path) -> None:
    """The envelope and the file that was looked at are copied to the reports, unchanged."""
    path = office.keep(office.claim())
    (kept,) = office.load().keep(tmp_path / "reports", Redactor([]))
    contents = [(tmp_path / "reports" / each.path).read_bytes() for each in kept.evidence]
    assert contents == [path.read_bytes(), b"nothing found"]
    assert [each.sha256 for each in kept.evidence] == [
        hashlib.sha256(content).hexdigest() for content in contents
    ]


def refused(office: Office, reason: str, now: dt.datetime = NOW) -> None:
    """See that the one statement does not count, for this reason and no other."""
    found = office.only(now)
    assert not found.valid
    assert reason in found.reason, found.reason


def test_the_wrong_role_does_not_count(office: Office) -> None:
    """Somebody trusted, in a role that is theirs, and not the one that the item needs."""
    office.keep(office.claim(person="Bob", role="trainees"), office.bob)
    refused(office, "it is signed in the role trainees, and security team is needed")


def test_a_role_that_is_not_the_signers_does_not_count(office: Office) -> None:
    """Bob is trusted for other things."""
    office.keep(office.claim(person="Bob"), office.bob)
    refused(office, "Bob does not have the role security team")


def test_the_key_of_somebody_else_does_not_count(office: Office) -> None:
    """A statement names its person, who is the owner of the key."""
    office.keep(office.claim(), office.bob)
    refused(office, "it is in the name of Ada, but signed with the key of Bob")


def test_an_unknown_key_does_not_count(office: Office) -> None:
    """A key that trust.toml does not list is nobody's."""
    office.keep(office.claim(), CryptoSigner.generate_ed25519())
    refused(office, "is not in trust.toml")


def test_a_known_key_id_on_another_signature_does_not_count(office: Office) -> None:
    """Who claims to be Ada has to sign as Ada."""
    path = office.keep(office.claim(), CryptoSigner.generate_ed25519())
    envelope = json.loads(path.read_text())
    envelope["signatures"][0]["keyid"] = office.ada.public_key.keyid
    path.write_text(json.dumps(envelope))
    refused(office, "the signature does not fit")


def test_a_changed_statement_does_not_count(office: Office) -> None:
    """A signature over one text says nothing of another."""
    path = office.keep(office.claim())
    envelope = json.loads(path.read_text())
    later = office.claim(expires=dt.date(2030, 1, 1)).to_bytes()
    envelope["payload"] = base64.b64encode(later).decode()
    path.write_text(json.dumps(envelope))
    refused(office, "the signature does not fit")


def test_a_signature_over_one_item_is_none_over_another(office: Office) -> None:
    """The item is a part of what was signed: pointing it elsewhere breaks the signature."""
    office.trust(roles=["security team", "trainees"])
    path = office.keep(office.claim(item=OTHER, role="trainees"))
    assert office.only().valid
    said = payload_of(path)
    said["predicate"]["item"] = {
        "id": ITEM,
        "digest": {"sha256": office.claim().item_sha256},
    }
    envelope = json.loads(path.read_text())
    envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    path.write_text(json.dumps(envelope))
    refused(office, "the signature does not fit")


def test_an_attestation_is_no_waiver(office: Office) -> None:
    """What a statement is stands in what was signed, not in the name of its file."""
    path = office.keep(office.claim())
    path.rename(path.with_name("b.waiver.dsse.json"))
    assert office.only().kind == "attestation"


def test_an_expired_key_does_not_count(office: Office) -> None:
    """A date in a statement is its signer's word, so an old key counts for no date at all."""
    office.trust(valid_until="2026-07-10")
    office.keep(office.claim())
    refused(office, "the key of Ada expired on 2026-07-10")


def test_a_key_counts_from_its_first_day(office: Office) -> None:
    """What is dated before a key was trusted was not signed with it."""
    office.trust(valid_from="2026-07-02")
    office.keep(office.claim())
    refused(office, "the key of Ada was not valid on 2026-07-01")


def test_it_counts_until_the_end_of_its_last_day(office: Office) -> None:
    """The day of expiry is the last one, in UTC."""
    office.keep(office.claim())
    assert office.only(dt.datetime(2026, 9, 30, 23, 59, tzinfo=dt.UTC)).valid
    refused(office, "it expired on 2026-09-30", dt.datetime(2026, 10, 1, tzinfo=dt.UTC))


def test_what_is_dated_in_the_future_does_not_count(office: Office) -> None:
    """Nobody has looked at anything tomorrow."""
    office.keep(office.claim(date=dt.date(2026, 7, 16)))
    refused(office, "dated in the future (2026-07-16)")


def test_what_ends_before_it_begins_does_not_count(office: Office) -> None:
    """Such dates are a mistake, whatever day it is."""
    office.keep(office.claim(expires=dt.date(2026, 6, 30)))
    refused(office, "it expires (2026-06-30) before its date")


def test_a_statement_that_never_ends_does_not_count(office: Office) -> None:
    """The year 9999 is no day on which anybody looks at it again."""
    office.keep(office.claim(expires=dt.date(9999, 12, 31)))
    refused(office, "it expires on 9999-12-31, which means never")


@pytest.mark.parametrize("said", ["TBD", "n/a", "-", "to be confirmed", "noch zu klären"])
def test_a_statement_that_is_only_filled_in_does_not_count(office: Office, said: str) -> None:
    """Whoever signs it has said nothing."""
    office.keep(office.claim(statement=said))
    refused(office, "its statement is only filled in")


def test_a_reworded_item_has_to_be_looked_at_again(office: Office) -> None:
    """Somebody spoke about other words."""
    office.keep(office.claim())
    office.write("tracker.md", TRACKER.replace("Reviewed by", "Audited by"))
    refused(office, "the item was reworded after it was signed")


def test_changed_evidence_does_not_count(office: Office) -> None:
    """What was looked at is not what is there."""
    office.keep(office.claim())
    office.write("docs/review.txt", "much found")
    refused(office, "its evidence docs/review.txt was changed")


def test_evidence_that_is_gone_does_not_count(office: Office) -> None:
    """Nobody can look at it again."""
    office.keep(office.claim())
    (office.root / "docs/review.txt").unlink()
    refused(office, "its evidence docs/review.txt is missing")


@pytest.mark.parametrize("name", ["../outside.txt", "link.txt", "ABSOLUTE", "docs"])
def test_evidence_outside_of_the_repository_does_not_count(office: Office, name: str) -> None:
    """A path that leads out of the repository is never read, nor copied to a report."""
    outside = office.root.parent / "outside.txt"
    outside.write_text("private")
    (office.root / "link.txt").symlink_to(outside)
    path = str(outside) if name == "ABSOLUTE" else name
    digest = hashlib.sha256(b"private").hexdigest()
    files = (replace(office.file("docs/review.txt"), name=path, sha256=digest),)
    office.keep(office.claim(files=files))
    refused(office, "is missing")
    assert [each.kind for each in office.load().found[0].copies] == ["json"]


def test_an_unknown_commit_does_not_count(office: Office) -> None:
    """Nobody can tell what was looked at."""
    office.keep(office.claim(commit="0" * 40))
    refused(office, "is not in this repository; try git fetch --unshallow")


@pytest.mark.parametrize("what", ["HEAD:tracker.md", "a-tag"])
def test_what_is_no_commit_does_not_count(office: Office, what: str) -> None:
    """The hash of a file or of a tag is known to git, and names no commit."""
    office.git("tag", "--annotate", "--message", "A tag", "a-tag")
    office.keep(office.claim(commit=office.git("rev-parse", what)))
    refused(office, "is not in this repository")


def test_without_a_repository_nothing_counts(office: Office) -> None:
    """A folder without history is no excuse."""
    office.keep(office.claim())
    shutil.rmtree(office.root / ".git")
    refused(office, "is not in this repository")


def test_another_branch_does_not_count(office: Office) -> None:
    """A commit that is not in what is checked out was not looked at for it."""
    office.git("checkout", "--quiet", "-b", "other")
    elsewhere = office.commit("Elsewhere")
    office.git("checkout", "--quiet", "main")
    office.keep(office.claim(commit=elsewhere))
    refused(office, "is not an ancestor of the current one")


def test_it_counts_for_so_many_commits_only(office: Office) -> None:
    """Three are allowed here; with the fourth it has to be said anew."""
    office.keep(office.claim(covers=()))
    for number in range(3):
        office.commit(f"Change {number}")
    assert office.only().valid
    office.commit("One more")
    refused(office, "is 4 commits behind, and 3 are allowed")


@pytest.mark.parametrize("how", ["committed", "beside", "new"])
def test_a_change_to_what_it_covers_ends_it(office: Office, how: str) -> None:
    """Committed or not, an old file or a new one."""
    office.keep(office.claim())
    office.write("docs/other.txt", "a change elsewhere")
    office.commit("Elsewhere")
    assert office.only().valid
    office.write("src/new.py" if how == "new" else "src/app.py", "x = 2\n")
    if how == "committed":
        office.commit("Change")
    refused(office, "files that it covers changed since: src/")


@pytest.mark.parametrize("committed", [True, False])
def test_an_item_may_want_everything_to_be_as_it_was(office: Office, *, committed: bool) -> None:
    """A review is of what was reviewed; only statements may have come since."""
    office.trust(covers=(".",))
    office.commit("Trust")
    office.keep(office.claim(covers=()))
    office.commit("The statement itself")
    assert office.only().valid
    office.write("README.md", "not reviewed")
    if committed:
        office.commit("Not reviewed")
    refused(office, "files that it covers changed since: README.md")


def test_it_ends_with_its_key(office: Office) -> None:
    """The day that a report and the gate go by is the earlier one."""
    office.trust(("2026-01-01", "2026-08-15"))
    office.keep(office.claim())
    assert office.only().expires == "2026-08-15"


def test_a_committed_change_is_not_hidden_by_an_old_copy(office: Office) -> None:
    """What is released is what is committed, whatever lies in the folder."""
    office.keep(office.claim())
    office.write("src/app.py", "x = 2\n")
    office.commit("Change")
    office.write("src/app.py", "x = 1\n")
    refused(office, "files that it covers changed since: src/app.py")


def test_a_path_means_itself(office: Office) -> None:
    """A name that looks like a pattern is a name: what it would match may change."""
    office.write("src/[a]pp.py", "y = 1\n")
    office.commit("An odd name")
    office.keep(office.claim(covers=("src/[a]pp.py",)))
    office.write("src/app.py", "x = 2\n")
    assert office.only().valid, office.only().reason
    office.write("src/[a]pp.py", "y = 2\n")
    refused(office, "files that it covers changed since: src/[a]pp.py")


@pytest.mark.parametrize("path", ["no/such", "src/*", "../elsewhere"])
def test_what_covers_nothing_does_not_count(office: Office, path: str) -> None:
    """A path that was never there would never change; a star is only a star."""
    office.keep(office.claim(covers=(path,)))
    refused(office, "it covers ")


def test_what_nobody_asked_for_does_not_count(office: Office) -> None:
    """An item that machines decide is not decided by a signature."""
    office.trust(roles=["security team"])
    office.keep(office.claim(item="TASK-001-AC-1"))
    refused(office, "trust.toml requires no attestation for this item")
    assert "TASK-001-AC-1, does not count" in office.notes()


def broken_files(office: Office) -> dict[str, tuple[bytes, str]]:
    """Files that are no statement of ours, and how that is told."""
    good = json.loads(office.keep(office.claim()).read_text())
    said = json.loads(office.claim().to_bytes())
    (office.folder / "a.dsse.json").unlink()
    doubled = office.claim().to_bytes().replace(b'"item":', b'"person": "Eve",\n"item":', 1)
    other_date = json.loads(json.dumps(said))
    other_date["predicate"]["date"] = "2026-02-30"

    def payload(content: object) -> bytes:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return json.dumps(good | {"payload": base64.b64encode(raw).decode()}).encode()

    signature = good["signatures"][0]
    return {
        "empty": (b"", "is not JSON"),
        "binary": (b"\xff\xfe\x00", "is not JSON"),
        "deep": (b"[" * 100_000, "is not JSON"),
        "list": (b"[]", "not a signed envelope"),
        "number": (b'{"payload": NaN}', "NaN is not a number"),
        "keys twice": (b'{"payload": "", "payload": ""}', "has the key payload twice"),
        "payload twice": (payload(doubled), "has the key person twice"),
        "no base64": (json.dumps(good | {"payload": "%"}).encode(), "not a signed envelope"),
        "unsigned": (json.dumps(good | {"signatures": []}).encode(), "0 signatures"),
        "signed by two": (
            json.dumps(good | {"signatures": [signature, signature | {"keyid": "b"}]}).encode(),
            "2 signatures",
        ),
        "signed twice by one": (
            json.dumps(good | {"signatures": [signature, signature]}).encode(),
            "not a signed envelope",
        ),
        "other payload type": (
            json.dumps(good | {"payloadType": "text/plain"}).encode(),
            "payload type is not",
        ),
        "other statement": (payload(said | {"_type": "x"}), "its _type is wrong"),
        "other predicate": (
            payload(said | {"predicateType": "https://slsa.dev/provenance/v1"}),
            "is unknown",
        ),
        "no predicate": (payload(said | {"predicate": {}}), "is wrong"),
        "two subjects": (payload(said | {"subject": said["subject"] * 2}), "subject is wrong"),
        "no such day": (payload(other_date), "2026-02-30, which does not exist"),
        "huge": (b" " * 1_000_001, "more than 1000000 bytes"),
    }


def test_what_is_no_statement_is_noted_and_never_a_crash(office: Office) -> None:
    """Each broken file is named with its own reason, and a good one beside it still counts."""
    files = broken_files(office)
    for number, (content, _) in enumerate(files.values()):
        (office.folder / f"{number:02}.dsse.json").write_bytes(content)
    (office.folder / "folder.dsse.json").mkdir()
    office.keep(office.claim(), name="z")
    found = office.load()
    assert [each.valid for each in found.statements] == [True]
    assert len(found.notes) == len(files) + 1
    for (name, (_, reason)), note in zip(files.items(), found.notes, strict=False):
        assert reason in note, name
        assert len(note) < 400


def test_control_signs_do_not_reach_a_terminal(office: Office) -> None:
    """What is shown to people is one line of text, or it is no statement."""
    office.keep(office.claim(statement="fine\x1b[2J"))
    assert office.load().statements == ()
    assert "statement is wrong" in office.notes()
    assert "\x1b" not in office.notes()


def test_a_wrong_id_is_noted(office: Office) -> None:
    """A statement about nothing is told, and counts nowhere."""
    office.keep(office.claim(item="TASK-009-DOD-1"))
    assert office.load().statements == ()
    assert "names TASK-009-DOD-1, which is not in the tracker" in office.notes()


def test_what_ends_soon_is_noted(office: Office) -> None:
    """30 days before its end somebody is told whom to ask."""
    office.keep(office.claim(expires=dt.date(2026, 8, 15)))
    assert office.notes() == ""
    office.keep(office.claim(expires=dt.date(2026, 8, 14)))
    assert office.only().valid
    assert f"ends on 2026-08-14. Try: acceptance attest {ITEM}" in office.notes()


def test_a_waiver_counts_if_the_role_may_waive(office: Office) -> None:
    """It has an owner, a reason, an end and an issue."""
    office.keep(office.waiver(), office.bob)
    found = office.only()
    assert found.valid, found.reason
    assert (found.kind, found.statement, found.link) == (
        "waiver",
        "The customer agreed.",
        "https://issues.example/1",
    )


def test_a_waiver_outlives_commits_but_not_its_end(office: Office) -> None:
    """It is a decision about a release, not about what was looked at."""
    office.keep(office.waiver(expires=dt.date(2026, 7, 14)), office.bob)
    refused(office, "it expired on 2026-07-14")
    assert "the waiver of TASK-001-DOD-1, does not count: it expired" in office.notes()
    office.keep(office.waiver(), office.bob)
    for number in range(5):
        office.commit(f"Change {number}")
    assert office.only().valid


def test_a_waiver_by_another_role_does_not_count(office: Office) -> None:
    """Whose word is asked for may still not waive."""
    office.keep(office.waiver(person="Ada", role="security team"))
    refused(office, "the role security team may not waive")


def test_a_waiver_needs_an_issue(office: Office) -> None:
    """A waiver that nobody follows up is no waiver."""
    office.keep(office.waiver(issue=""), office.bob)
    assert "issue is wrong" in office.notes()


def test_a_folder_that_does_not_exist_asks_for_nothing(office: Office) -> None:
    """A team without attestations needs no folder."""
    found = load_statements(office.root / "no", office.tracker, office.root, NOW, timeout=30)
    assert (found.statements, found.requirements, found.notes) == ((), (), ())


def test_a_folder_without_trust_is_broken(office: Office) -> None:
    """Whoever deletes trust.toml would delete what is asked for."""
    (office.folder / "trust.toml").unlink()
    with pytest.raises(BrokenInput, match="cannot be read"):
        office.load()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[policy]", "[policy", "not valid TOML"),
        ("max_commits = 3", "max_commits = -1", "max_commits has to be a whole number"),
        ("max_commits = 3", "", r"\[policy\] has no max_commits"),
        (
            'mode = "instead"',
            'mode = "perhaps"',
            "mode has to be one of instead, also, not 'perhaps'",
        ),
        ("TASK-001-DOD-1", "TASK-001-DOD-7", "which is not in the tracker"),
        ('roles = ["security team"]', "roles = []", "roles has to be a list that is not empty"),
        ("valid_until", "until", r"keys 1 \(Ada\) has the unknown key until"),
        (
            'valid_until = "2026-12-31"',
            'valid_until = "2026-13-31"',
            r"keys 1 \(Ada\): valid_until has to be a date",
        ),
        ('keyid = "', 'keyid = "0', "keyid has to be 64 hexadecimal digits"),
    ],
)
def test_a_trust_that_cannot_be_used_is_broken_input(
    office: Office, old: str, new: str, complaint: str
) -> None:
    """A typing error must not be a demand less."""
    path = office.folder / "trust.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BrokenInput, match=complaint) as error:
        office.load()
    assert str(path) in error.value.message


def test_a_key_id_is_that_of_its_key(office: Office) -> None:
    """An entry whose id belongs to another key is a mistake, or worse."""
    path = office.folder / "trust.toml"
    path.write_text(path.read_text().replace(office.ada.public_key.keyid, "0" * 64))
    with pytest.raises(BrokenInput, match="has the id"):
        office.load()


def test_a_key_is_listed_once(office: Office) -> None:
    """Two entries of one key would be two people."""
    path = office.folder / "trust.toml"
    head, entry, rest = path.read_text().split("[[keys]]")
    path.write_text(f"{head}[[keys]]{entry}[[keys]]{entry}[[keys]]{rest}")
    with pytest.raises(BrokenInput, match="twice"):
        office.load()


def test_only_ed25519_is_trusted(office: Office) -> None:
    """A key of another kind has no place in trust.toml, so its signature is nobody's."""
    office.keep(office.claim(), CryptoSigner(generate_private_key(SECP256R1())))
    refused(office, "is not in trust.toml")


def test_this_project_trusts_nobody_and_asks_for_what_no_machine_decides() -> None:
    """No key and no statement is shipped as if it were real."""
    trust = load_trust(ROOT / "attestations", parse(ROOT / "tracker.md"))
    assert dict(trust.keys) == {}
    requirements = {
        requirement.item: (requirement.role, requirement.mode) for requirement in trust.requirements
    }
    assert requirements["TASK-001-DOD-1"] == ("reviewer", "instead")
    assert requirements["TASK-002-DOD-1"] == ("security team", "instead")
    assert [each.covers for each in trust.requirements if each.item == "TASK-001-DOD-1"] == [(".",)]
    assert not list((ROOT / "attestations").glob("**/*.dsse.json"))
    assert not [path for path in ROOT.glob("attestations/**/*") if b"PRIVATE" in path.read_bytes()]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.json", b"{}", "json"),
        ("a.json", b"{", "file"),
        ("a.png", b"\x89PNG\r\n", "png"),
        ("a.png", b"<script>", "file"),
        ("a.pdf", b"%PDF-1.7", "pdf"),
        ("a.html", b"<p>", "text"),
        ("a.txt", b"\xff\xfe", "file"),
        ("a.exe", b"text", "file"),
    ],
)
def test_evidence_is_what_its_content_says(name: str, content: bytes, kind: str) -> None:
    """A report shows a picture only if it is one, and never a page as a page."""
    assert kind_of(name, content) == kind
