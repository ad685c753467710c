from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.network import parse_matrix, probe_placement
from acceptance.domains.network.matrix import read_matrix
from acceptance.domains.network.observed_matrix import cell_word, is_planned
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from tests.domains.network.samples import PLAN, UNUSED, result

FEATURE = ROOT / "features/task_002_security_hardening/acceptance_criteria.feature"


def test_the_table_of_the_feature_has_every_pod_of_both_environments() -> None:
    """Every cell has a word, and every place of a probe has a row and a column."""
    plan = read_matrix(FEATURE)
    assert {*probe_placement.all_places()} <= {*plan.sources}
    assert {*probe_placement.all_places()} < {*plan.destinations}
    assert len(plan.cells) == len(plan.sources) * len(plan.destinations) > 150
    assert [key for key, word in plan.cells.items() if word == "yes" and key[0] == "backend"] == [
        ("backend", "database"),
        ("backend", "DNS"),
    ]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["from"]], "has to begin with"),
        ([["from", "a"], ["b", "perhaps"]], 'says "perhaps" from b to a'),
        ([["from", "a", "c"], ["b", "no"]], "The row b .* has missing cells"),
        ([["from", "a"], ["b", "no"], ["b", "yes"]], "names b twice"),
        ([["from", ""], ["b", "no"]], "without a name"),
    ],
)
def test_an_incomplete_table_is_refused(rows: list[list[str]], reason: str) -> None:
    """A cell without a word would be a connection that is never judged."""
    with pytest.raises(BrokenInput, match=reason):
        parse_matrix(rows)


def test_a_cell_says_which_ports_are_open() -> None:
    """Exposed ports only, all ports, none, or the very ports if there is no word for them."""
    shop = [
        result("buyer", "shop"),
        result("buyer", "shop", UNUSED, answer="timeout", arrived=False),
    ]
    assert cell_word(shop) == "yes"
    assert cell_word([shop[0], result("buyer", "shop", UNUSED)]) == "all"
    assert cell_word([shop[1]]) == "no"
    only_arrived = result("buyer", "shop", UNUSED, answer="timeout")
    assert cell_word([only_arrived, replace(shop[0], answer="x", arrived=False)]) == "17777/udp"
    assert [is_planned(PLAN, each.attempt) for each in shop] == [True, False]
    assert is_planned(PLAN, result("node", "node").attempt) is None
