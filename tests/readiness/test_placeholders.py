from __future__ import annotations

from datetime import date, timedelta

import pytest

from acceptance.readiness.placeholders import means_never, placeholder_reason, until_fault

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "–", "—", "--", "…", "...", "?", "???", "_", "/", "( )", "| |", "**-**"),
        *("TBD", "tbd", "Tbd.", "T.B.D.", "t.b.d", "**TBD**", "`TBD`", "(tbd)", "TBC", "TBA"),
        *("TODO", "todo", "ToDo", "To do", "TODO: ask Ada", "Todo: more", "FIXME", "xxx", "XXXX"),
        *("n/a", "N/A", "n.a.", "N. A.", "na", "not applicable", "not available", "none", "None."),
        *("nil", "nothing", "no", "unknown", "undefined", "somebody", "nobody", "whoever", "etc."),
        *("not there yet", "Not yet", "not done yet", "not yet defined", "not yet available"),
        *("not there yet: TASK-006 writes it", "Nothing yet.", "still open", "is still pending"),
        *("to be done", "To be defined", "to be determined.", "to be confirmed: by the team"),
        *("will be added later", "will be documented soon", "will follow", "coming soon", "later"),
        *("pending", "in progress", "work in progress", "WIP", "unassigned", "vacant", "open"),
        *(
            "The mitigation is to be defined",
            "TLS is not there yet",
            "An owner (tbd)",
            "Owner: TBD",
        ),
        *("lorem ipsum", "Lorem ipsum dolor sit amet, consectetur", "asdf", "foo", "blah blah"),
        *("placeholder", "your text here", "insert name here", "fill in", "Fill me in!", "example"),
        *("<role>", "[name]", "{{ owner }}", "${OWNER}", "<insert the owner>", "YYYY-MM-DD", "aaa"),
        *("offen", "noch offen", "Noch zu klären", "folgt", "folgt noch", "wird noch ergänzt"),
        *("k.A.", "k. A.", "keine Angabe", "keine", "unbekannt", "entfällt", "noch nicht"),
        *("noch nicht vorhanden", "noch nicht festgelegt", "zu ergänzen", "in Arbeit", "N.N."),
        *("Der Ablauf ist noch zu klären", "Wird nachgereicht.", "s. o.", "niemand", "Platzhalter"),
        *("à définir", "à compléter", "por hacer", "pendiente", "da definire"),
        *(
            "- [ ] TBD\n- [ ] TBD",
            "1. TODO\n2. TODO",
            "n/a\nn/a\n-",
            "Call the lead. TBD: who else?",
        ),
        *("<!-- write this -->", "We use TLS.\n\nTODO", "Is it safe ??"),
    ],
)
def test_what_is_only_filled_in_is_recognised(text: str) -> None:
    """Empty, a mark, a word that says nothing, or a promise to write it some day."""
    assert placeholder_reason(text)


@pytest.mark.parametrize(
    "text",
    [
        *("0", "1", "24 hours", "5432", "24/7", "on", "Ada", "DBA", "R1", "B4", "TLS", "HSTS"),
        *("None: the page has no login", "none: there are no accounts", "Nothing is kept."),
        *("No accounts exist", "N/A, because nobody logs in", "Not applicable: it has no login"),
        *(
            "122 random bits",
            "as above, and backups",
            "the same",
            "Development Team",
            "nobody else",
        ),
        *("Open ports are closed by a policy", "An open-source scanner", "Follow-up in 5 days"),
        *("Follow the runbook", "Later pods get the new value", "In progress bars nothing leaks"),
        *(
            "To do: call the lead, then the scribe",
            "We keep a todo list",
            "The word `TODO` is found",
        ),
        *("Data that is not yet written is lost, which is at most 24 hours of it in all cases",),
        *("To be ready when an attack comes", "What is to be done is decided by the incident lead"),
        *(
            "keine Konten, also keine Anmeldung",
            "noch nie ausgefallen",
            "offene Ports sind gesperrt",
        ),
        *("[Incident response](incident-response.md)", "<https://status.example.com>", "a@b.org"),
        *("A test of the restore", "an example of each", "The name of the owner is in the tracker"),
        "mktemp /tmp/backup.XXXXXX",
    ],
)
def test_a_short_answer_that_says_something_is_none(text: str) -> None:
    """A number, a name, or a refusal with its reason."""
    assert placeholder_reason(text) is None


@pytest.mark.parametrize(
    ("until", "fault"),
    [
        ("2026-11-30", None),
        ("2027-05-31", None),
        ("2027-11-30", None),
        ("2026-11-29", "2026-11-29 is over"),
        ("2027-12-02", "further ahead than a year"),
        ("9999-12-31", "further ahead than a year"),
        ("2027-02-30", "is no date"),
        ("never", "is no date"),
        ("", "is no date"),
    ],
)
def test_a_decision_ends_within_a_year(until: str, fault: str | None) -> None:
    """A day that is over, none at all, or one that nobody will see."""
    found = until_fault(until, TODAY)
    assert found is None if fault is None else fault in (found or "")


def test_a_year_that_nobody_will_see_means_never() -> None:
    """Nobody signs for longer than ten years in earnest."""
    assert means_never(date(9999, 12, 31), TODAY)
    assert not means_never(TODAY + timedelta(days=3 * 365), TODAY)
