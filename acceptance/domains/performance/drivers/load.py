"""Sends a load to the system's ingress with locust, in a process of its own, and counts.

locust imports gevent, which replaces sockets and threads in its process, so only the program
`python -m locust` imports it.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIONS = ("page", "list", "read", "buy")
"""What a visitor of the load can do, as `locustfile.py` implements it."""

_VISITORS = Path(__file__).with_name("locustfile.py")
_STOP_SECONDS = 2
"""How long a visitor may finish the current action when the time is over."""


@dataclass(frozen=True)
class LoadProfile:
    """A load to send."""

    visitors: int
    """How many there are at the same time."""
    arrivals_per_second: float
    """How many of them begin in a second."""
    seconds: float
    """From the first visitor's arrival to the end."""
    think_seconds: tuple[float, float]
    """The shortest and the longest pause between two actions of a visitor."""
    mix: Mapping[str, int]
    """The weight of each action; of `ACTIONS`."""


@dataclass(frozen=True)
class LoadTarget:
    """The ingress that a load is sent to."""

    origin: str
    """Its scheme, address and port. Nothing is sent elsewhere."""
    host: str
    """The host name of every request."""
    authority: str | None
    """The certificate, as PEM, of the authority that signed the one of `host`; empty for the
    authorities that the machine trusts, None without TLS."""
    routes: tuple[str, ...]
    """The page, the list, one checkout, its items and its payment, with {id} for its id."""


@dataclass(frozen=True)
class RequestFacts:
    """The requests of one kind: how many, and how long they took."""

    name: str
    requests: int
    failures: int
    mean_milliseconds: float
    max_milliseconds: float


@dataclass(frozen=True)
class LoadFacts:
    """All requests of a load."""

    kinds: tuple[RequestFacts, ...]
    histogram: tuple[tuple[int, int], ...]
    """(milliseconds, requests that took that long), ascending; locust rounds to two digits."""
    seconds: float
    """From the first request to the end of the last one."""
    errors: tuple[str, ...]
    """Each error once, with how often it occurred."""

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(kind.requests for kind in self.kinds)

    @property
    def failures(self) -> int:
        """How many of them failed or were answered with an error."""
        return sum(kind.failures for kind in self.kinds)

    @property
    def error_rate(self) -> float:
        """Failed requests by all requests, from 0 to 1; 1 if there was no request."""
        return self.failures / self.requests if self.requests else 1.0

    @property
    def requests_per_second(self) -> float:
        """How many requests succeeded in a second, on average."""
        return (self.requests - self.failures) / self.seconds if self.seconds else 0.0

    def percentile(self, part: float) -> int:
        """Return the milliseconds within which `part` (0 to 1) of all requests ended.

        By nearest rank. Raises `ValueError` if there was no request.
        """
        total = sum(count for _, count in self.histogram)
        seen = 0
        for milliseconds, count in self.histogram:
            seen += count
            if seen >= part * total:
                return milliseconds
        raise ValueError("nothing was measured")


def send_load(
    profile: LoadProfile, target: LoadTarget, *, patience: float, timeout: float
) -> LoadFacts:
    """Send a load to a target, and return what was measured.

    A visitor waits `patience` seconds for an answer. `timeout`, in seconds, is for locust itself,
    in addition to the time of the load. Raises `EnvironmentFailure` if locust fails, or its output
    cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        done = run(
            [
                *(sys.executable, "-m", "locust", "--locustfile", _VISITORS, "--headless"),
                *("--host", target.origin, "--users", str(profile.visitors)),
                *("--spawn-rate", f"{profile.arrivals_per_second:g}"),
                *("--run-time", f"{profile.seconds:g}s", "--stop-timeout", str(_STOP_SECONDS)),
                *("--json", "--skip-log-setup", "--only-summary", "--exit-code-on-error", "0"),
                *("--csv", f"{folder}/load"),
            ],
            timeout=profile.seconds + timeout,
            env={
                "LOAD_HOST": target.host,
                "LOAD_AUTHORITY": target.authority or "",
                "LOAD_ROUTES": json.dumps(target.routes),
                "LOAD_THINK": json.dumps(profile.think_seconds),
                "LOAD_MIX": json.dumps(dict(profile.mix)),
                "LOAD_PATIENCE": str(patience),
            },
            cwd=Path(folder),  # where no locust.conf can be
            remedy="Try: .venv/bin/locust --version",
        )
        failures = Path(folder) / "load_failures.csv"
        errors = failures.read_text(encoding="utf-8") if failures.exists() else ""
    return read_load(done.stdout, errors)


def read_load(statistics: str, failures: str) -> LoadFacts:
    """Read locust's `--json` output and its CSV file of failures.

    Raises `EnvironmentFailure` if they are something else.
    """
    try:
        entries: list[dict[str, Any]] = json.loads(statistics)
        histogram: Counter[int] = Counter()
        for entry in entries:
            for milliseconds, count in entry["response_times"].items():
                histogram[round(float(milliseconds))] += count
        kinds = tuple(
            RequestFacts(
                name=f"{entry['method']} {entry['name']}",
                requests=int(entry["num_requests"]),
                failures=int(entry["num_failures"]),
                mean_milliseconds=entry["total_response_time"] / max(1, entry["num_requests"]),
                max_milliseconds=float(entry["max_response_time"]),
            )
            for entry in entries
        )
        began = min((entry["start_time"] for entry in entries), default=0.0)
        ended = max((entry["last_request_timestamp"] or 0 for entry in entries), default=0.0)
        errors = tuple(
            f"{row['Method']} {row['Name']}: {row['Error']} ({row['Occurrences']} times)"
            for row in csv.DictReader(failures.splitlines())
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = " ".join(statistics.split())[:200] or "nothing"
        message = f"locust's output cannot be read ({error!r}): {said}. Try: make setup"
        raise EnvironmentFailure(message) from error
    return LoadFacts(kinds, tuple(sorted(histogram.items())), max(0.0, ended - began), errors)
