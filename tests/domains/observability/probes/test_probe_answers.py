from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.observability import ProbeAnswerTester, ProbedAnswer
from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
from acceptance.domains.observability.probes.probe_answers import kinds_of, paths_of, result_of
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PROBER = "http://prober.monitoring.svc:9115/probe"
GOOD = ProbedAnswer("module=http", "a page", "/200", "succeeds", "succeeds", asked=True)
BAD = ProbedAnswer("module=http", "an error of the client", "/404", "fails", "fails", asked=True)


def probe(query: str, prober: str = PROBER) -> ScrapeTarget:
    """A probe, as Prometheus asks for it."""
    return ScrapeTarget("endpoints", "a", "a", "http://a", "up", "", 5, (), f"{prober}?{query}")


@pytest.fixture
def tester() -> ProbeAnswerTester:
    """An actor, who asks nobody here."""
    return ProbeAnswerTester(context_of(SYSTEM))


def test_probes_that_see_what_is_wrong_pass(tester: ProbeAnswerTester) -> None:
    """A page succeeds, and an error fails."""
    tester.assert_results([GOOD, BAD])
    tester.assert_asked([GOOD, BAD])


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(BAD, result="succeeds"), r"module=http succeeds for an error of the client"),
        (replace(GOOD, result="fails"), "module=http fails for a page"),
        (replace(GOOD, result="says 'no'"), "says 'no' for a page"),
    ],
)
def test_a_wrong_result_is_named(tester: ProbeAnswerTester, found: ProbedAnswer, said: str) -> None:
    """Also that a good answer fails, or that there is no result."""
    with pytest.raises(AssertionError, match=said):
        tester.assert_results([GOOD, found])


def test_a_failure_without_a_question_proves_nothing(tester: ProbeAnswerTester) -> None:
    """The prober may have failed before it asked."""
    with pytest.raises(AssertionError, match="never asked for /404"):
        tester.assert_asked([GOOD, replace(BAD, asked=False)])


def test_no_probe_proves_nothing(tester: ProbeAnswerTester) -> None:
    """An empty list has no fault."""
    with pytest.raises(AssertionError, match="No answer was probed"):
        tester.assert_results([])


def test_each_way_to_ask_is_one_kind() -> None:
    """Whatever the prober is told beside the address makes a difference, and the address none."""
    found = kinds_of(
        [
            probe("module=http&target=http%3A%2F%2Fa"),
            probe("module=http&target=http%3A%2F%2Fb"),
            probe("module=http&hostname=shop.test&target=http%3A%2F%2Fa"),
        ]
    )
    assert [each.name for each in found] == ["module=http", "module=http, hostname=shop.test"]
    assert (found[0].service, found[0].namespace, found[0].port) == ("prober", "monitoring", 9115)


def test_a_prober_elsewhere_is_unverifiable() -> None:
    """Only a Service of the cluster can be asked."""
    with pytest.raises(Unverifiable, match="asks no Service"):
        kinds_of([probe("module=http", "http://10.0.0.1:9115/probe")])


@pytest.mark.parametrize(
    ("page", "result"),
    [
        ("probe_duration_seconds 1\nprobe_success 1\n", "succeeds"),
        ("probe_success 0\n", "fails"),
        ("Unknown module", "says 'Unknown module'"),
    ],
)
def test_the_result_is_read_from_the_probers_page(page: str, result: str) -> None:
    """What it says instead of a result is told."""
    assert result_of(page) == result


def test_every_error_is_tried() -> None:
    """Each registered status of a class, and no redirect that is none."""
    assert {"/401", "/403", "/404", "/429"} <= set(paths_of("an error of the client"))
    assert {"/301", "/302", "/307", "/308"} <= set(paths_of("a redirect to the page"))
    assert "/304" not in paths_of("a redirect to the page")
