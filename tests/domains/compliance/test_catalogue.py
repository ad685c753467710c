from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.domains.compliance.catalogue import CHECKS, FILE, read_frameworks
from acceptance.domains.compliance.check_result import fault_of
from acceptance.errors import BrokenInput
from acceptance.project import ROOT


def test_every_check_is_used_and_every_control_has_one_or_a_reason() -> None:
    """A check that no control uses would be dead; a control with neither is refused."""
    controls = [each for framework in read_frameworks(ROOT) for each in framework.controls]
    assert len(controls) > 150
    assert {each.check for each in controls} - {""} == CHECKS.keys()
    # Each comparison can fail: one that compares nothing is refused.
    for each in controls:
        if each.check in {"component_flag", "kubelet_setting"}:
            how = each.arguments.values
            values = (None, "x", how.get("has_not"), how.get("is_not"))
            assert any(fault_of(value, how) for value in values), each.id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('check = "own_namespace"', "check has to be one of .*, not 'no_such'"),
        ('id = "5.6.1"', "has the control 5.6.2 twice"),
        ("[[framework]]", "unknown key x: known: framework"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path: Path, change: str, said: str) -> None:
    """A control or a check that a mistake has lost is noticed."""
    text = (ROOT / FILE).read_text(encoding="utf-8")
    other = {"check": 'check = "no_such"', "id =": 'id = "5.6.2"'}.get(change[:5].strip(), "[[x]]")
    (tmp_path / "security").mkdir()
    (tmp_path / FILE).write_text(text.replace(change, other), encoding="utf-8")
    with pytest.raises(BrokenInput, match=said):
        read_frameworks(tmp_path)
