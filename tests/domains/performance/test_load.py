from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.performance.drivers import load
from acceptance.domains.performance.drivers.load import (
    LoadFacts,
    LoadProfile,
    LoadTarget,
    read_load,
    send_load,
)
from acceptance.errors import EnvironmentFailure
from acceptance.process import Completed

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUTES = ("/", "/api/checkouts", "/api/checkouts/{id}", "/i/{id}", "/p/{id}")


def test_percentiles_are_by_nearest_rank() -> None:
    """The 95th percentile of 20 requests is the 19th."""
    found = LoadFacts((), ((1, 18), (7, 1), (90, 1)), 1.0, ())
    assert [found.percentile(part) for part in (0.5, 0.9, 0.95, 1.0)] == [1, 1, 7, 90]
    with pytest.raises(ValueError, match="nothing was measured"):
        LoadFacts((), (), 1.0, ()).percentile(0.5)


def test_output_of_locust_is_added_up() -> None:
    """The output of locust 2.47 with --json, and its file of failures."""
    entry = {
        "name": "list checkouts",
        "last_request_timestamp": 108.0,
        "start_time": 100.0,
        "num_requests": 4,
        "num_none_requests": 0,
        "num_failures": 1,
        "total_response_time": 40.0,
        "max_response_time": 20.4,
        "min_response_time": 4.0,
        "total_content_length": 1,
        "response_times": {"4": 3, "20.0": 1},
        "num_reqs_per_sec": {},
        "num_fail_per_sec": {},
        "method": "GET",
    }
    second = entry | {"name": "open the page", "start_time": 101.0, "last_request_timestamp": None}
    failures = "Method,Name,Error,Occurrences\nGET,list checkouts,HTTPError('503'),1\n"
    found = read_load(json.dumps([entry, second]), failures)
    assert (found.requests, found.failures, found.seconds) == (8, 2, 8.0)
    assert found.histogram == ((4, 6), (20, 2))
    assert found.requests_per_second == pytest.approx(0.75)
    assert found.errors == ("GET list checkouts: HTTPError('503') (1 times)",)
    assert read_load("[]", "").error_rate == 1


@pytest.mark.parametrize("said", ["", "Traceback", "{}x", '{"a": 1}', '[{"name": "x"}]'])
def test_unreadable_output_is_an_environment_failure(said: str) -> None:
    """The requirements are neither met nor missed then."""
    with pytest.raises(EnvironmentFailure, match="output cannot be read"):
        read_load(said, "")


@pytest.mark.parametrize("secure", [False, True])
def test_locust_is_started_with_the_load_and_the_target(
    monkeypatch: pytest.MonkeyPatch, *, secure: bool
) -> None:
    """Its options and environment hold what was asked for, and nothing else is visited."""
    calls: list[tuple[list[str], dict[str, Any]]] = []

    def run(argv: Sequence[object], **options: object) -> Completed:
        calls.append(([str(each) for each in argv], options))
        return Completed("[]", "", 0.0)

    monkeypatch.setattr(load, "run", run)
    profile = LoadProfile(3, 1.5, 4.0, (0.5, 1.0), {"page": 2})
    target = LoadTarget("https://192.0.2.1:443", "shop.local", "PEM" if secure else None, ROUTES)
    assert send_load(profile, target, patience=5.0, timeout=6.0).requests == 0
    [(argv, options)] = calls
    said = " ".join(argv)
    assert "--host https://192.0.2.1:443 --users 3 --spawn-rate 1.5 --run-time 4s" in said
    assert options["timeout"] == pytest.approx(10.0)
    assert options["env"] == {
        "LOAD_HOST": "shop.local",
        "LOAD_ROUTES": json.dumps(ROUTES),
        "LOAD_AUTHORITY": "PEM" if secure else "",
        "LOAD_THINK": "[0.5, 1.0]",
        "LOAD_MIX": '{"page": 2}',
        "LOAD_PATIENCE": "5.0",
    }
