from __future__ import annotations

import pytest

from acceptance.domains.observability import BrokenEndpoint, ProbeOperator, ProbeState
from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
from acceptance.domains.observability.probes.health_probes import HealthEndpoint
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

READY = "http://10.0.0.1:8000/readyz"
PAGE, API = "https://ingress/", "https://ingress/api/checkouts?limit=1"


def probe(url: str, way: str = "inside") -> ScrapeTarget:
    """A probe of an endpoint."""
    labels = (("endpoint", url), ("way", way))
    return ScrapeTarget("endpoints", url, "10.0.0.1", url, "up", "", 5.0, labels)


ALL = (probe(READY), probe(PAGE, "ingress"), probe(API, "ingress"))
GOOD = tuple((each.url, 1.0) for each in ALL)


def state(
    probes: tuple[ScrapeTarget, ...] = ALL, results: tuple[tuple[str, float], ...] = GOOD
) -> ProbeState:
    """A system with one health endpoint, a page and an API."""
    return ProbeState((HealthEndpoint("backend-1 /readyz", READY),), ("/api", "/"), probes, results)


@pytest.fixture
def operator() -> ProbeOperator:
    """An actor, who asks nobody here."""
    return ProbeOperator(context_of(SYSTEM))


def test_probes_of_every_endpoint_pass(operator: ProbeOperator) -> None:
    """Each endpoint and each published path has a probe that succeeds."""
    operator.assert_endpoints_probed(state())
    operator.assert_visitors_paths_probed(state())
    operator.assert_probes_succeed(state())


def test_an_endpoint_without_a_probe_is_named(operator: ProbeOperator) -> None:
    """A probe of another address does not count."""
    with pytest.raises(AssertionError, match=r"backend-1 /readyz .* is not probed"):
        operator.assert_endpoints_probed(state((probe("http://10.0.0.2:8000/readyz"), *ALL[1:])))


@pytest.mark.parametrize(
    ("probes", "missing"),
    [
        ((ALL[0], ALL[1]), "/api"),
        ((ALL[0], ALL[2]), "/"),
        ((ALL[0], ALL[1], probe(API)), "/api"),
        ((), "/api, /"),
    ],
)
def test_a_path_of_visitors_without_a_probe_is_named(
    operator: ProbeOperator, probes: tuple[ScrapeTarget, ...], missing: str
) -> None:
    """A probe past the ingress and a probe of another path do not count."""
    with pytest.raises(AssertionError, match=f"No probe through the ingress reaches {missing}"):
        operator.assert_visitors_paths_probed(state(probes))


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ((*GOOD[:2], (API, 0.0)), "failed"),
        (GOOD[:2], "has no result"),
        ((), "has no result"),
    ],
)
def test_a_probe_without_success_is_named(
    operator: ProbeOperator, results: tuple[tuple[str, float], ...], said: str
) -> None:
    """No result is no success."""
    with pytest.raises(AssertionError, match=said):
        operator.assert_probes_succeed(state(results=results))


def test_no_probe_at_all_is_no_success(operator: ProbeOperator) -> None:
    """An empty list proves nothing."""
    with pytest.raises(AssertionError, match="Prometheus probes no endpoint"):
        operator.assert_probes_succeed(state((), ()))


def broken(
    failed: tuple[str, ...], *, seconds: float = 4.0, wanted: tuple[str, ...] = (READY, API)
) -> BrokenEndpoint:
    """A broken database, for which readiness and API have to fail."""
    return BrokenEndpoint("the database", wanted, (PAGE, API), failed, seconds, 10.0, ())


def test_exactly_the_right_probes_fail(operator: ProbeOperator) -> None:
    """What visitors may notice for a moment may fail as well."""
    operator.assert_only_these_fail(broken((READY, API)))
    operator.assert_only_these_fail(broken((READY, API, PAGE)))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (broken((API,)), "the probe of http://10.0.0.1:8000/readyz did not fail"),
        (broken((READY, API, "http://10.0.0.3/")), "the probe of http://10.0.0.3/ failed as well"),
        (broken((READY, API), seconds=11.0), "more than two intervals"),
        (broken((), wanted=()), "No probe has to fail"),
    ],
)
def test_silence_noise_and_delay_are_seen(
    operator: ProbeOperator, found: BrokenEndpoint, said: str
) -> None:
    """A probe that keeps quiet, one that cries as well, and one that is late are faults."""
    with pytest.raises(AssertionError, match=said):
        operator.assert_only_these_fail(found)
