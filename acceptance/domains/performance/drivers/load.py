"""Puts a load on the system's ingress with locust, in a process of its own, and counts.

locust brings gevent, which replaces sockets and threads of the process that imports it: only the
program `python -m locust` ever does.
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
    from acceptance.domains.performance.requirements import Load

_VISITORS = Path(__file__).with_name("locustfile.py")
_STOP_SECONDS = 2
"""How long a visitor may finish what is under way when the time is over."""


@dataclass(frozen=True)
class RequestFacts:
    """What became of the requests of one kind."""

    name: str
    requests: int
    failures: int
    mean_milliseconds: float
    max_milliseconds: float


@dataclass(frozen=True)
class LoadFacts:
    """What a load brought."""

    kinds: tuple[RequestFacts, ...]
    histogram: tuple[tuple[int, int], ...]
    """(milliseconds, requests that took so long), ascending; locust rounds to two digits."""
    seconds: float
    """From the first request to the end of the last one."""
    errors: tuple[str, ...]
    """Each error once, with how often it came."""

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
        """The part of the requests that failed, from 0 to 1; 1 if there was none at all."""
        return self.failures / self.requests if self.requests else 1.0

    @property
    def requests_per_second(self) -> float:
        """How many requests were answered without an error in a second, on average."""
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


def put_load(
    load: Load,
    *,
    origin: str,
    host: str,
    authority: str | None,
    patience: float,
    timeout: float,
) -> LoadFacts:
    """Send what `load` says to `origin` by the name `host`, and to nothing else.

    `origin` is the ingress by its address: scheme, address and port. Where it is encrypted, its
    certificate has to be for `host` and vouched for by `authority`, a certificate as PEM; an empty
    one stands for whom the machine trusts.

    A visitor waits `patience` seconds for an answer. `timeout`, in seconds, is for locust itself
    and comes on top of the load's own time.

    Raises `EnvironmentFailure` if locust cannot run or says nothing that can be read.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        done = run(
            [
                *(sys.executable, "-m", "locust", "--locustfile", _VISITORS, "--headless"),
                *("--host", origin, "--users", str(load.visitors)),
                *("--spawn-rate", f"{load.arrivals_per_second:g}"),
                *("--run-time", f"{load.seconds:g}s", "--stop-timeout", str(_STOP_SECONDS)),
                *("--json", "--skip-log-setup", "--only-summary", "--exit-code-on-error", "0"),
                *("--csv", f"{folder}/load"),
            ],
            timeout=load.seconds + timeout,
            env={
                "LOAD_HOST": host,
                "LOAD_AUTHORITY": authority or "",
                "LOAD_THINK": json.dumps(load.think_seconds),
                "LOAD_MIX": json.dumps(dict(load.mix)),
                "LOAD_PATIENCE": str(patience),
            },
            cwd=Path(folder),  # where no locust.conf can be
            remedy="Try: .venv/bin/locust --version",
        )
        failures = Path(folder) / "load_failures.csv"
        told = failures.read_text(encoding="utf-8") if failures.exists() else ""
    return read_load(done.stdout, told)


def read_load(statistics: str, failures: str) -> LoadFacts:
    """Read locust's `--json` output and its CSV file of failures.

    Raises `EnvironmentFailure` for anything else.
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
        message = f"locust's figures cannot be read ({error!r}): {said}. Try: make setup"
        raise EnvironmentFailure(message) from error
    return LoadFacts(kinds, tuple(sorted(histogram.items())), max(0.0, ended - began), errors)
