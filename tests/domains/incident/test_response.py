from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.incident import EvidenceFile, PodFacts, QuarantineState, Runbook
from acceptance.domains.incident.isolation import Connections, IsolationFacts
from acceptance.domains.incident.response import PAGE, IncidentResponder
from acceptance.project import ROOT
from acceptance.runbooks.reader import load_runbook, read_runbook
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

WRITTEN = (ROOT / PAGE).read_text(encoding="utf-8")
FILES = tuple(
    EvidenceFile(name, 1, sealed=True)
    for name in (
        *("pod.yaml", "objects.yaml", "events.yaml", "log.txt", "log-of-all.txt"),
        *("processes.txt", "connections.txt", "tmp.tar"),
    )
)
SUSPECT = PodFacts(
    name="backend-1",
    uid="1",
    workload="backend",
    phase="Running",
    ready=True,
    ready_since="",
    deleting=False,
    node="a",
    address="10.0.0.1",
    containers=(),
    uses=(),
    mounts=(),
)
CONTAINED = QuarantineState(
    SUSPECT,
    ("b", "c"),
    alive=True,
    isolation=IsolationFacts(
        Connections(("database:5432",)),
        Connections(()),
        (),
        None,
        statements_after=False,
        sessions_before=1,
        sessions_after=0,
    ),
)


@pytest.fixture
def responder() -> IncidentResponder:
    """An incident responder."""
    return IncidentResponder(context_of(SYSTEM))


def check_runbook(responder: IncidentResponder, runbook: Runbook) -> None:
    """Check a runbook as the scenario does."""
    responder.assert_complete(runbook)
    responder.assert_roles_and_response_times(runbook)
    responder.assert_drilled_recently(runbook)


def test_the_runbook_is_complete(responder: IncidentResponder) -> None:
    """The runbook of this repository has every section, command, role and response time."""
    runbook = load_runbook(ROOT, PAGE)
    responder.assert_complete(runbook)
    responder.assert_roles_and_response_times(runbook)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## Contact", "## Other", "has no section Contact"),
        ("```sh revoke", "```sh", "has no commands to revoke"),
        ("| scribe |", "| writer |", "assigns the role scribe to nobody"),
        ("within 1 hour | within 4 hours", "soon | soon", "has no response time for SEV2"),
        ("Drill: every 90 days", "Now and then", 'The Drill record .* has no line "Drill: every'),
        ("- 2026-11-25, by", "- 2020-02-29, by", "The last drill was on 2020-02-29"),
        ("- 2026-11-25, by", "- Lately, by", "The Drill record .* has no date"),
        ("| scribe | anybody who is free |", "| scribe | n/a |", "role scribe to nobody: .*n/a"),
        ("| scribe | anybody who is free |", "| scribe | |", "role scribe to nobody: it is empty"),
        ("(secret-rotation.md)", "(on-call.md)", "does not lead to secret-rotation.md"),
        (
            "To end an attack without losing its evidence",
            "TODO: end an attack without losing its evidence",
            "the section Purpose of .* is only filled in",
        ),
    ],
)
def test_what_the_runbook_lacks_is_named(
    responder: IncidentResponder, old: str, new: str, said: str
) -> None:
    """The message names the section, the commands, the role or the severity."""
    assert old in WRITTEN
    runbook = read_runbook(PAGE, WRITTEN.replace(old, new))
    with pytest.raises(AssertionError, match=said):
        check_runbook(responder, runbook)


def test_complete_evidence_passes(responder: IncidentResponder) -> None:
    """Every file is there, sealed and without secrets."""
    responder.assert_evidence_complete(FILES)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (EvidenceFile("log.txt", 0, sealed=True), r"has no log\.txt, or nothing in it"),
        (EvidenceFile("log.txt", 1, sealed=False), r"hash of log\.txt is wrong or miss"),
        (EvidenceFile("more.txt", 1, sealed=False), r"hash of more\.txt is wrong"),
    ],
)
def test_bad_evidence_is_named(responder: IncidentResponder, file: EvidenceFile, said: str) -> None:
    """An empty file, a wrong hash and a secret are named with the file."""
    files = (*(each for each in FILES if each.name != file.name), file)
    with pytest.raises(AssertionError, match=said):
        responder.assert_evidence_complete(files)


def test_missing_evidence_is_named(responder: IncidentResponder) -> None:
    """Each file that the runbook promises is asked for."""
    with pytest.raises(AssertionError, match=r"the evidence has no connections\.txt"):
        responder.assert_evidence_complete(FILES[:1])


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (replace(CONTAINED, alive=False), "is not running any more"),
        (
            replace(CONTAINED, serving=("backend-1", "c")),
            "backend-1 still counts as a pod of the backend",
        ),
        (replace(CONTAINED, serving=("c",)), "Only .* serve in its place"),
    ],
)
def test_a_failed_quarantine_is_named(
    responder: IncidentResponder, state: QuarantineState, said: str
) -> None:
    """The pod has to be alive, and the backend at full strength without it."""
    responder.assert_contained(CONTAINED)
    with pytest.raises(AssertionError, match=said):
        responder.assert_contained(state)
