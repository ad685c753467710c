from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acceptance.domains.network import (
    parse_matrix,
)
from acceptance.domains.network.packets.observed_matrix import cell_word, is_planned
from acceptance.domains.network.plan import probe_placement
from acceptance.domains.network.plan.matrix import named_ports, read_matrices
from acceptance.domains.network.plan.monitoring_placement import monitoring_places
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from tests.domains.network.samples import PLAN, UNUSED, result

if TYPE_CHECKING:
    from pathlib import Path

FEATURE = ROOT / "features/task_002_security_hardening/acceptance_criteria.feature"
SYSTEM = "Every pod reaches what it needs and nothing else"
MONITORING = "Every program of the monitoring reaches what it needs and nothing else"


def test_the_table_of_the_feature_has_every_pod_of_both_environments() -> None:
    """Every cell has a word, and every place of a probe has a row and a column."""
    plan = read_matrices(FEATURE)[SYSTEM]
    own = {*probe_placement.all_places()} - {probe_placement.CERT_MANAGER}
    assert own <= {*plan.sources}
    assert own < {*plan.destinations}
    assert not plan.ports_to(*plan.destinations)
    assert len(plan.cells) == len(plan.sources) * len(plan.destinations) > 150
    assert [key for key, word in plan.cells.items() if word == "yes" and key[0] == "backend"] == [
        ("backend", "database"),
        ("backend", "DNS"),
    ]


def test_the_table_of_the_monitoring_has_each_of_its_programs() -> None:
    """A program that has no row could connect to anything, and nobody would see it."""
    system, plan = (read_matrices(FEATURE)[name] for name in (SYSTEM, MONITORING))
    assert {*monitoring_places(), probe_placement.CERT_MANAGER} <= {*plan.sources}
    assert {*plan.sources} - {*plan.destinations} == {
        "Prometheus elsewhere",
        "log shipper elsewhere",
    }
    for source, destination in plan.cells:
        new = source != destination and (source, destination) not in system.cells
        if new and not source.endswith(" elsewhere"):
            assert plan.judges(source, destination), f"{source} to {destination}"


def test_a_scenario_has_one_table_of_connections(tmp_path: Path) -> None:
    """Of two tables one would not be read."""
    feature = tmp_path / "two.feature"
    table = "      | from | a |\n      | b    | no |\n"
    head = "Feature: f\n  Rule: r\n    Scenario: s\n      Given t\n"
    feature.write_text(f"{head}{table}", encoding="utf-8")
    assert read_matrices(feature)["s"].cells == {("b", "a"): "no"}
    feature.write_text(f"{head}{table}      And u\n{table}", encoding="utf-8")
    with pytest.raises(BrokenInput, match="s has 2 tables"):
        read_matrices(feature)


def test_a_cell_may_name_its_ports() -> None:
    """Numbers are ports of TCP, unless the cell says otherwise; these and no other are planned."""
    assert named_ports("4318 53/udp") == (Port("tcp", 4318), Port("udp", 53))
    assert named_ports("yes") == ()
    for broken in ("", "0", "4318,4320", "http", "53/sctp", "yes 4318"):
        with pytest.raises(BrokenInput, match="nor port numbers"):
            named_ports(broken)
    plan = parse_matrix([["from", "shop"], ["buyer", "8000 53/udp"]])
    ports = [Port("tcp", 8000), Port("udp", 53), Port("tcp", 53)]
    found = [result("buyer", "shop", port) for port in ports]
    assert [is_planned(plan, each.attempt) for each in found] == [True, True, False]
    published = replace(found[0].attempt, port=Port("tcp", 30001), leads_to=ports[0])
    assert is_planned(plan, published)
    assert plan.ports_to("shop") == {*ports[:2]}


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
    query = result("buyer", "shop", Port("tcp", 9200))
    assert cell_word([*shop, query]) == "8000 9200"
    assert [is_planned(PLAN, each.attempt) for each in shop] == [True, False]
    assert is_planned(PLAN, result("node", "node").attempt) is None
