from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.compliance.assessment import AssessedControl, Assessment, as_markdown
from acceptance.domains.compliance.assessor import ComplianceAssessor
from acceptance.domains.compliance.catalogue import read_frameworks
from acceptance.domains.compliance.check_result import CheckResult
from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


def test_an_assessment_fails_for_unmet_controls_and_is_unverified_for_unassessed_ones() -> None:
    """Each message names the controls, and the evidence lists all of them."""
    framework = next(each for each in read_frameworks(ROOT) if each.name.startswith("CIS"))
    kept: dict[str, str] = {}
    system = replace(SYSTEM, driver="existing")
    assessor = ComplianceAssessor(
        context_of(
            system,
            _UnreachableCluster(),
            keep=lambda title, content, *_: kept.update({title: str(content)}),
        )
    )
    found = assessor.assess(framework.name)
    assert len(found.results) == len(framework.controls)
    assert found.having("met") == []
    with pytest.raises(Unverifiable, match=r"131 controls .*no check for this cluster: 1\.1\.1"):
        assessor.assert_controls_assessed(found)
    assert kept[f"Controls of {framework.name}"].count("| unverified |") > 100
    unmet = AssessedControl(found.results[1].control, CheckResult("unmet", "seen"))
    red = Assessment(framework, (found.results[0], unmet))
    with pytest.raises(AssertionError, match=r"1 of 2 controls .* 1\.1\.2 .*\(seen\)"):
        assessor.assert_controls_met(red)
    assert "| unmet | seen |" in as_markdown(red, system)


class _UnreachableCluster:
    """A cluster whose API refuses everything."""

    def items(self, path: str) -> list[Any]:
        """Refuse."""
        raise Unobservable(f"{path} is forbidden")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Refuse."""
        raise Unobservable(f"{name} is forbidden")
