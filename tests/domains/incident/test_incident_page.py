from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.incident.response import PAGE, IncidentResponder, Kept
from acceptance.project import ROOT
from acceptance.runbooks.reader import read_procedure


def test_the_page_for_incidents_has_all() -> None:
    """As it is committed; the run follows its commands."""
    responder: Any = IncidentResponder.__new__(IncidentResponder)
    page = read_procedure((ROOT / PAGE).read_text(encoding="utf-8"))
    responder.judge_complete(page)
    responder.judge_roles(page)
    kept = Kept("pod.yaml", 1, sealed=True, secrets=0)
    with pytest.raises(AssertionError, match=r"the evidence has no connections\.txt"):
        responder.judge_preserved((kept,))
