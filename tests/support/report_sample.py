"""Made-up runs to look at: one like the team's own, and one as large as the report has to bear.

`python -m tests.support.report_sample FOLDER` writes the first into a folder, to be opened in a
browser.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from acceptance.clusters import ClusterFacts
from acceptance.project import ROOT
from acceptance.readiness.definition_of_ready import ReadyLine, ReadyVerdict
from acceptance.readiness.evidence import EvidenceStore
from acceptance.readiness.outcome import (
    Evidence,
    ScenarioOutcome,
    StatementResult,
    Status,
    StepOutcome,
)
from acceptance.readiness.redaction import Redactor
from acceptance.readiness.report import RunFacts, write_reports
from acceptance.readiness.report.history import RunHistory, RunRecord
from acceptance.readiness.tracker import Item, Task, Tracker, parse
from acceptance.readiness.verdict import Verdict, VerdictWord

STARTED = dt.datetime(2026, 11, 25, 2, 17, tzinfo=dt.UTC)
EVIL = '</script><script>document.title="broken"</script><!-- ]]> & "quoted" | @all #1'
"""What a log may hold, and what must not become a part of any report."""
SCREENSHOT = "Paid checkout on desktop"
_ITEMS_OF_A_TASK = 50

_READY = (
    "Requirements are clearly defined",
    "Acceptance criteria are specific and testable",
    "Dependencies are identified and resolved",
    "Technical approach is agreed upon",
    "Required resources are available",
    "Task is estimated and prioritized",
)
_LOG = "".join(
    f"2026-11-25T02:19:{second:02d}Z backend-7c9d GET /api/checkouts 200 {second * 7 % 40} ms\n"
    for second in range(60)
)
_DIFF = """--- manifests/overlays/staging (rendered)
+++ the running system
@@ Deployment backend @@
 spec:
-  replicas: 2
+  replicas: 1
"""
_FAILURE = (
    "backend not ready after 60 s: 1 of 2 replicas; backend-7c9d: ImagePullBackOff "
    "localhost/checkout-backend:af91f800. Try: make images"
)


def team_tracker() -> Tracker:
    """Return the team's tracker."""
    return parse(ROOT / "tracker.md")


def run_facts(**changed: Any) -> RunFacts:  # noqa: ANN401 (fields of several types)
    """Return the facts of a complete run, but for what is named."""
    facts = RunFacts(
        commit="4a345ff",
        cluster=ClusterFacts(
            *("embedded", "kubernetes", "v1.34.4", Path("/k"), "c", "10.0.0.2", 80, 443)
        ),
        images=tuple(
            f"localhost/checkout-{name}@sha256:{hashlib.sha256(name.encode()).hexdigest()}"
            for name in ("backend", "frontend", "database")
        ),
        started=STARTED.timestamp(),
        seconds=74.2,
        phases={
            "Images of the system": 0.4,
            "Start the embedded cluster": 5.6,
            "Install DNS, storage and ingress": 6.5,
            "Bring the system's images into the cluster": 3.1,
            "Deploy the system": 0.9,
            "Wait until the system is up": 13.4,
        },
        reproduce="pytest --cluster=embedded",
        environment_failure=None,
        interrupted=False,
        complete=True,
        selected=24,
    )
    return replace(facts, **changed)


def write_sample(reports: Path, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 (facts of the run)
    """Write the reports of a run like the team's own, the 13th of its history."""
    tracker = team_tracker()
    history = RunHistory(reports / "history")
    verdicts = _verdicts(tracker, reports)
    for number in range(12):
        history.append(_earlier(verdicts, number))
    return write_reports(
        run_facts(**changed),
        tracker,
        verdicts,
        reports,
        definition_of_ready=_lines(tracker),
        notes=["The waiver for TASK-003-AC-9 is about an item that the tracker does not have."],
    )


def large_run(items: int, runs: int, reports: Path) -> tuple[Tracker, tuple[Verdict, ...]]:
    """Return a run of many items without evidence, after as many runs in the history."""
    path = reports / "large.md"
    tasks = "".join(_large_task(number) for number in range(1, items // _ITEMS_OF_A_TASK + 1))
    path.write_text(f"# A large tracker\n\n{tasks}", encoding="utf-8")
    tracker = parse(path)
    verdicts = [_large_verdict(item, number) for number, item in enumerate(tracker.items)]
    history = RunHistory(reports / "history")
    for number in range(runs):
        history.append(_earlier(verdicts, number))
    return tracker, tuple(verdicts)


def _large_task(number: int) -> str:
    team = ("Development Team", "Platform Team", "DevOps/Security Team", "DevOps Team")[number % 4]
    boxes = "".join(f"- [ ] Criterion {n} holds\n" for n in range(1, _ITEMS_OF_A_TASK + 1))
    return (
        f"#### TASK-{number:03d}: A task of a large tracker\n- **Status**: In Progress\n"
        f"- **Assignee**: {team}\n- **Epic**: Infrastructure Setup\n- **Story Points**: 8\n\n"
        f"**Description**: It has many criteria.\n\n**Acceptance Criteria**:\n{boxes}\n---\n\n"
    )


def _large_verdict(item: Item, number: int) -> Verdict:
    if number % 3 == 2:
        return Verdict(item, "unverified", "no scenario", ())
    failed = number % 10 == 0
    outcome = _outcome(item, "It holds when it is asked", "failed" if failed else "passed")
    word: VerdictWord = "unmet" if failed else "met"
    return Verdict(item, word, outcome.reason or "1 scenario passed, with evidence", (outcome,))


def _outcome(
    item: Item, name: str, status: Status = "passed", evidence: tuple[Evidence, ...] = ()
) -> ScenarioOutcome:
    last = "passed" if status == "passed" else status
    steps = (
        StepOutcome("Given", "the checkout system is deployed", 0.001, "passed"),
        StepOutcome("When", "the operator asks each ready backend pod", 1.204, "passed"),
        StepOutcome("Then", "at least two pods answered, each for itself", 0.31, last),
    )
    reason = {"failed": _FAILURE, "skipped": "The cluster is kubernetes v1.34.4, not k3s"}
    return ScenarioOutcome(
        (item.id,),
        name,
        "task_001_k3s_deployment/acceptance_criteria.feature",
        status,
        reason.get(status, ""),
        steps,
        evidence,
        1.6 + len(item.text) / 10,
        STARTED.timestamp(),
    )


def _verdicts(tracker: Tracker, reports: Path) -> list[Verdict]:
    verdicts = []
    for item in tracker.items:
        store = EvidenceStore(reports, f"{item.id} a scenario", Redactor([]))
        verdicts.append(_SPECIAL.get(item.id, _usual)(item, store))
    return verdicts


def _usual(item: Item, store: EvidenceStore) -> Verdict:
    if not item.id.startswith("TASK-001-AC"):
        return Verdict(item, "unverified", "no scenario", ())
    facts = store.write("Pods as they answered", '{\n  "pods": 2,\n  "ready": true\n}\n', "json")
    outcomes = (
        _outcome(item, f"{item.text}, seen from outside", evidence=(facts,)),
        _outcome(item, f"{item.text}, seen from inside", evidence=(facts,)),
    )
    return Verdict(item, "met", "2 scenarios passed, with evidence", outcomes)


def _other_flavour(item: Item, store: EvidenceStore) -> Verdict:
    facts = store.write("How the cluster is", '{"livez": "ok"}', "json")
    outcomes = (
        _outcome(item, "The cluster answers from outside", evidence=(facts,)),
        _outcome(item, "The cluster is k3s", "skipped"),
    )
    reason = (
        "The cluster is k3s: The cluster is kubernetes v1.34.4 (embedded), not k3s, so whether k3s "
        "runs is not known. Try: pytest --cluster k3d"
    )
    return Verdict(item, "unverified", reason, outcomes)


def _broken(item: Item, store: EvidenceStore) -> Verdict:
    evidence = (
        store.write("Logs of the backend", f"{_LOG}{EVIL}\x00\x1b[31m\n{_LOG}", "text"),
        store.write("Difference to the manifests", _DIFF, "text"),
    )
    name = "Visitors are served while one backend pod is lost"
    outcomes = (
        _outcome(item, "Each ready backend pod answers with its own name", evidence=evidence[:1]),
        _outcome(item, name, "failed", evidence),
    )
    return Verdict(item, "unmet", f"{name}: {_FAILURE}", outcomes)


def _pictured(item: Item, store: EvidenceStore) -> Verdict:
    evidence = (
        store.write(SCREENSHOT, _picture(640, 360), "png"),
        store.write("Playwright trace on desktop", _zip(), "zip"),
    )
    outcome = _outcome(item, "A visitor completes a checkout on a desktop", evidence=evidence)
    return Verdict(item, "met", "1 scenario passed, with evidence", (outcome,))


def _attested(item: Item, store: EvidenceStore) -> Verdict:
    envelope = store.write("Attestation", '{"payloadType": "application/vnd.in-toto+json"}', "json")
    said = StatementResult(
        item.id,
        "attestation",
        valid=False,
        reason="It expired on 2026-11-01.",
        person="Ada Example",
        role="Reviewer",
        statement="I read every change since 1.3.",
        date="2026-08-01",
        expires="2026-11-01",
        evidence=(envelope,),
    )
    reason = "the attestation by Ada Example expired on 2026-11-01"
    return Verdict(item, "unverified", reason, (), attestations=(said,), role="Reviewer")


def _unspoken(item: Item, store: EvidenceStore) -> Verdict:
    facts = store.write("Rules", '{"denied": 4}', "json")
    outcome = _outcome(item, "Every incident has a procedure", evidence=(facts,))
    reason = "the scenarios passed; it also needs the Security Team, whose attestation is missing"
    return Verdict(item, "unverified", reason, (outcome,), role="Security Team")


def _waived(item: Item, _: EvidenceStore) -> Verdict:
    waiver = StatementResult(
        item.id,
        "waiver",
        valid=True,
        reason="It is signed, about this wording, and expires in 30 days.",
        person="Grace Example",
        role="Release Manager",
        statement="The test is booked for January; nothing is public before.",
        date="2026-11-20",
        expires="2026-12-25",
        link="https://issues.example.org/4711",
    )
    return Verdict(item, "unverified", "no scenario", (), waiver=waiver, role="Security Team")


_SPECIAL = {
    "TASK-001-AC-1": _other_flavour,
    "TASK-001-AC-4": _broken,
    "TASK-001-AC-8": _pictured,
    "TASK-001-DOD-1": _attested,
    "TASK-002-DOD-2": _waived,
    "TASK-002-DOD-5": _unspoken,
}


def _earlier(verdicts: list[Verdict], number: int) -> RunRecord:
    words: dict[str, list[str]] = {"met": [], "unmet": [], "unverified": [], "waived": []}
    for place, each in enumerate(verdicts):
        early = place % 13 > number
        words["unverified" if early else "waived" if each.waiver else each.verdict].append(
            each.item.id
        )
    words["met"] += [name for name in words["unmet"] if number % 2]  # the last run was better
    words["unmet"] = [name for name in words["unmet"] if not number % 2]
    counts = {word: len(names) for word, names in words.items()}
    counts["unverified"] += counts["waived"]
    begun = STARTED - dt.timedelta(days=60 - number)
    return RunRecord(
        begun.isoformat(timespec="seconds"),
        f"{number:040x}",
        70.0 + number,
        ready=False,
        complete=True,
        counts=counts,
        items={word: tuple(names) for word, names in words.items()},
    )


def _lines(tracker: Tracker) -> tuple[ReadyLine, ...]:
    def judged(task: Task, text: str) -> ReadyVerdict:
        if "estimated" in text:
            return ReadyVerdict(
                task.id, "met", f"{task.points} points, {task.priority or 'a'} priority"
            )
        if "Dependencies" in text and task.blockers:
            return ReadyVerdict(task.id, "unmet", "TASK-001 is not ready")
        return ReadyVerdict(task.id, "unverified", "the tracker does not tell")

    return tuple(
        ReadyLine(
            Item(f"DOR-{number}", "", "DOR", text, ticked=False, line=0),
            tuple(judged(task, text) for task in tracker.tasks),
        )
        for number, text in enumerate(_READY, start=1)
    )


def _picture(width: int, height: int) -> bytes:
    """Return a PNG (RFC 2083): a page with a bar on top, drawn in bands of grey."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + zlib.crc32(name + body).to_bytes(4)

    rows = b"".join(
        b"\0" + bytes([40 if row < 48 else 255 - 24 * (row // 24 % 2)]) * width
        for row in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _zip() -> bytes:
    """Return an archive without a member."""
    return b"PK\x05\x06" + bytes(18)


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]))
