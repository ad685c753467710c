from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.readiness.evidence import EvidenceStore
from acceptance.readiness.outcome import Evidence, ScenarioOutcome, Status
from acceptance.readiness.redaction import Redactor
from acceptance.readiness.tracker import Tracker, parse
from acceptance.readiness.verdict import decide

ITEM = "TASK-001-AC-3"


@pytest.fixture
def tracker() -> Tracker:
    """The team's tracker."""
    return parse(ROOT / "tracker.md")


def outcome(
    status: Status = "passed", evidence: tuple[Evidence, ...] = (), item: str = ITEM
) -> ScenarioOutcome:
    """One scenario about one item."""
    reason = "" if status == "passed" else f"it is {status}"
    return ScenarioOutcome((item,), "A name", "f", status, reason, (), evidence, 1.0, 0.0)


def word(tracker: Tracker, *outcomes: ScenarioOutcome) -> str:
    """The verdict of the item that the outcomes are about."""
    return next(each.verdict for each in decide(tracker, outcomes) if each.item.id == ITEM)


PROOF = (Evidence("evidence/a.json", "0" * 64, "json", "A"),)


def test_the_tracker_has_all_of_its_items(tracker: Tracker) -> None:
    """36 criteria and 26 Definition-of-Done items, each with an id of its own."""
    kinds = [item.kind for item in tracker.items]
    assert (kinds.count("AC"), kinds.count("DOD")) == (36, 26)
    assert len({item.id for item in tracker.items}) == 62


def test_items_have_the_words_of_the_tracker_without_emoji(tracker: Tracker) -> None:
    """A damaged emoji before a text is not a part of it; the rest is word for word."""
    texts = {item.id: item.text for item in tracker.items}
    assert texts["TASK-001-AC-4"] == "Backend deployment is healthy with 2+ replicas"
    assert texts["TASK-001-DOD-1"] == "Code reviewed and approved"
    assert all(text[0].isalnum() for text in texts.values())


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe#", "is not UTF-8"),
        (b"# A page\n", "is not a tracker"),
        (b"#### TASK-001: A\n\n#### TASK-002: B\n", "has no acceptance criterion"),
    ],
)
def test_a_tracker_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    """Whatever is wrong with the tracker is said in one sentence that names the file."""
    path = tmp_path / "tracker.md"
    path.write_bytes(content)
    with pytest.raises(BrokenInput, match=complaint) as error:
        parse(path)
    assert str(path) in error.value.message


def test_a_missing_tracker_is_named(tmp_path: Path) -> None:
    """A tracker that is not there is broken input, not a traceback."""
    with pytest.raises(BrokenInput, match="cannot be read"):
        parse(tmp_path / "no.md")


def test_only_proof_makes_an_item_met(tracker: Tracker) -> None:
    """Passed with evidence is met; passed without, or nothing at all, is not."""
    assert word(tracker, outcome(evidence=PROOF)) == "met"
    assert word(tracker, outcome()) == "unverified"
    assert word(tracker) == "unverified"


@pytest.mark.parametrize("status", ["skipped", "environment", "error", "missing"])
def test_what_did_not_run_is_never_met(tracker: Tracker, status: Status) -> None:
    """One scenario that did not run spoils what the others proved."""
    assert word(tracker, outcome(evidence=PROOF), outcome(status)) == "unverified"


def test_a_failure_beats_everything(tracker: Tracker) -> None:
    """An item with a failed scenario is unmet, whatever became of the others."""
    others = [outcome(evidence=PROOF), outcome("skipped"), outcome("environment"), outcome("error")]
    assert word(tracker, *others, outcome("failed")) == "unmet"
    assert word(tracker, outcome("failed", PROOF), *others) == "unmet"


@pytest.mark.parametrize("items", [(), ("TASK-009-AC-1",)])
def test_a_scenario_about_no_item_is_an_error(tracker: Tracker, items: tuple[str, ...]) -> None:
    """A scenario whose tags name nothing in the tracker would count nowhere, silently."""
    with pytest.raises(BrokenInput, match="not in the tracker"):
        decide(tracker, [replace(outcome(), item_ids=items)])


def test_an_outcome_travels_between_processes() -> None:
    """What a worker sends is what the owner of the run gets."""
    sent = outcome("failed", PROOF)
    assert ScenarioOutcome.from_dict(json.loads(json.dumps(sent.to_dict()))) == sent


SECRET = 'pa"ss/wörd+42'


@pytest.mark.parametrize(
    "hidden",
    [
        SECRET,
        json.dumps(SECRET),
        quote(SECRET, safe=""),
        *(base64.b64encode(b"x" * n + SECRET.encode() + b"yz").decode() for n in range(3)),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_form(hidden: str) -> None:
    """Plain, escaped, URL-encoded and in base64 at any alignment: the mask is in its place."""
    clean = Redactor([SECRET]).redact(f"before {hidden} after")
    assert "[redacted]" in clean
    assert hidden not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


def test_a_redactor_learns() -> None:
    """A secret that a scenario makes is taken out from then on, and the older ones still are."""
    redactor = Redactor([SECRET])
    redactor.learn(["another-secret-value"])
    clean = redactor.redact(f"{SECRET} another-secret-value {SECRET}")
    assert clean == "[redacted] [redacted] [redacted]"


def test_text_without_a_secret_stays_as_it_is() -> None:
    """The redactor changes nothing else, not even bytes that are no text."""
    content = bytes(range(256))
    assert Redactor([SECRET]).redact_bytes(content) == content


def test_a_short_secret_is_refused() -> None:
    """A value of a few characters would be found by chance all over the reports."""
    with pytest.raises(BrokenInput, match="fewer than"):
        Redactor(["12345"])


def test_evidence_is_written_without_secrets(tmp_path: Path) -> None:
    """The hash is that of the file as it was written, and no name is used twice."""
    store = EvidenceStore(tmp_path, "../A scenario", Redactor([SECRET]))
    first, second = (store.write("Log / 1", f"x {SECRET}", "text") for _ in range(2))
    written = (tmp_path / first.path).read_bytes()
    assert hashlib.sha256(written).hexdigest() == first.sha256
    assert SECRET.encode() not in written
    assert first.path != second.path
    assert (tmp_path / first.path).resolve().is_relative_to(tmp_path / "evidence")


def test_secrets_are_found_inside_of_a_zip_file() -> None:
    """A browser's trace is compressed: what it holds is redacted before it is kept."""
    before, secret = io.BytesIO(), "a-secret-value"
    with zipfile.ZipFile(before, "w", zipfile.ZIP_DEFLATED) as trace:
        trace.writestr("trace.network", f'{{"body": "{secret}"}}')
    after = Redactor([secret]).redact_archive(before.getvalue())
    with zipfile.ZipFile(io.BytesIO(after)) as trace:
        assert trace.read("trace.network") == b'{"body": "[redacted]"}'
