from __future__ import annotations

import pytest

from acceptance.domains.performance.drivers.load import LoadFacts, RequestFacts
from acceptance.domains.performance.load_tester import LoadMeasurement, LoadTester
from acceptance.domains.performance.requirements import FILE, read_performance
from acceptance.project import ROOT
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

REQUIRED = read_performance(ROOT / FILE)


def measured(
    *,
    milliseconds: int = 50,
    requests: int = 600,
    failures: int = 0,
    seconds: float = 10.0,
    before: tuple[str, ...] = ("b-1", "b-2"),
    after: tuple[str, ...] = ("b-2", "b-1"),
) -> LoadMeasurement:
    """Return a measurement, by default within all limits."""
    kinds = (RequestFacts("GET x", requests, failures, 1.0, 2.0),)
    histogram = ((10, requests * 9 // 10), (milliseconds, requests - requests * 9 // 10))
    found = LoadFacts(kinds, histogram if requests else (), seconds, ("GET x: 503 (1 times)",))
    return LoadMeasurement(REQUIRED, before, after, found)


@pytest.fixture
def load_tester() -> LoadTester:
    """A load tester."""
    return LoadTester(context_of(SYSTEM))


def assert_all(load_tester: LoadTester, found: LoadMeasurement) -> None:
    """Check everything that the scenario checks."""
    load_tester.assert_replicas(found)
    load_tester.assert_enough_requests(found)
    load_tester.assert_p95(found)
    load_tester.assert_throughput(found)
    load_tester.assert_error_rate(found)


def test_a_load_within_all_limits_passes(load_tester: LoadTester) -> None:
    """A measurement within its limits is no failure."""
    assert_all(load_tester, measured())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (measured(before=("b-1",)), "1 backend pods are ready, and the requirements state 2"),
        (measured(before=("1", "2", "3")), "3 backend pods are ready"),
        (measured(after=("b-1", "b-3")), "The backend pods changed under the load"),
        (measured(requests=399), "Only 399 requests were sent"),
        (measured(requests=0), "Only 0 requests"),
        (measured(milliseconds=501), "response times is 501 ms, above the 500 ms that are allowed"),
        (measured(seconds=20.0), r"30\.0 requests were answered in a second, and 40"),
        (measured(failures=1), r"failed \(0\.17%\), above the 0\.10% that are allowed: GET x: 503"),
    ],
)
def test_each_missed_requirement_is_named(
    load_tester: LoadTester, found: LoadMeasurement, said: str
) -> None:
    """The message has the measured value and the limit."""
    with pytest.raises(AssertionError, match=said):
        assert_all(load_tester, found)
