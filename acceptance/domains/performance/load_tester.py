"""The load tester: lets many visitors come at once, and compares with what was required."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.performance.drivers.load import put_load
from acceptance.domains.performance.requirements import FILE, read_performance
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.domains.performance.drivers.load import LoadFacts
    from acceptance.domains.performance.requirements import Performance
    from acceptance.system import System

_PERCENTILES = (0.5, 0.9, 0.95, 0.99, 1.0)
_BAR = 60  # characters of the longest bar of the histogram
_BUCKETS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)  # milliseconds, upper ends


@dataclass(frozen=True)
class Measurement:
    """What a load brought, and who served it."""

    required: Performance
    before: tuple[str, ...]
    """Backend pods that were ready when the load began."""
    after: tuple[str, ...]
    """… and when it had ended."""
    facts: LoadFacts


class LoadTester(ClusterActor):
    """Somebody who sends visitors, as many as the requirements state and no more."""

    def read_required(self) -> Performance:
        """Return what is required. Raises `BrokenInput` if it is not stated well."""
        required = read_performance(Path(self.system.repository) / FILE)
        self._keep("What is required", pretty(asdict(required)))
        return required

    def measure(self, required: Performance) -> Measurement:
        """Put the load on the system, once it is at rest."""
        backend, limits = self.system.workloads.backend, self._timeouts
        with (
            self._waking() as wake,
            suppress(DeadlineExceeded),
        ):  # what is not well by then is judged
            eventually(
                self._workloads,
                lambda found: all(each.full for each in found),
                timeout=limits.recovery,
                wake=wake,
            )
        before = self.serving(backend)
        facts = put_load(
            required.load,
            origin=_origin(self.system),
            host=self.system.host,
            authority=self.system.authority if self.system.secure else None,
            patience=limits.request,
            timeout=limits.load,
        )
        measured = Measurement(required, before, self.serving(backend), facts)
        self._keep("What was measured", pretty(_figures(measured)))
        self._keep("How long the requests took", _drawn(facts), "text")
        return measured

    def judge_replicas(self, measured: Measurement) -> None:
        """As many backend pods as required served, and they were the same all the while."""
        wanted = measured.required.load.replicas
        require(
            len(measured.before) == wanted,
            f"{len(measured.before)} backend pods serve, and the requirements are for {wanted}.",
        )
        require(
            set(measured.after) == set(measured.before),
            f"The backend pods changed under the load, from {', '.join(measured.before)} "
            f"to {', '.join(measured.after) or 'none'}.",
        )

    def judge_enough(self, measured: Measurement) -> None:
        """There were requests enough to tell."""
        sent, least = measured.facts.requests, measured.required.thresholds.least_requests
        require(
            sent >= least,
            f"Only {sent} requests were sent, and fewer than {least} say nothing.",
        )

    def judge_latency(self, measured: Measurement) -> None:
        """95 of 100 requests were answered in time."""
        require(measured.facts.histogram, "No request was answered, so nothing is known.")
        found, most = measured.facts.percentile(0.95), measured.required.thresholds.p95_milliseconds
        require(
            found <= most,
            f"95 of 100 requests took up to {found} ms, and {most:g} ms are required.",
        )

    def judge_throughput(self, measured: Measurement) -> None:
        """The system kept up with the visitors."""
        found = measured.facts.requests_per_second
        least = measured.required.thresholds.requests_per_second
        require(
            found >= least,
            f"{found:.1f} requests were answered in a second, and {least:g} are required.",
        )

    def judge_errors(self, measured: Measurement) -> None:
        """No more requests failed than are allowed to."""
        found, most = measured.facts.error_rate, measured.required.thresholds.error_rate
        require(
            found <= most,
            f"{measured.facts.failures} of {measured.facts.requests} requests failed "
            f"({found:.2%}), and {most:.2%} may: {listed(measured.facts.errors) or 'no reason'}.",
        )


def _origin(system: System) -> str:
    """Return where the load goes: to the ingress by its address, by the system's scheme."""
    literal = f"[{system.address}]" if ":" in system.address else system.address
    return f"{'https' if system.secure else 'http'}://{literal}:{system.port}"


def _figures(measured: Measurement) -> dict[str, object]:
    facts = measured.facts
    return {
        "load": asdict(measured.required.load),
        "thresholds": asdict(measured.required.thresholds),
        "backend_before": measured.before,
        "backend_after": measured.after,
        "requests": facts.requests,
        "failures": facts.failures,
        "error_rate": facts.error_rate,
        "seconds": round(facts.seconds, 2),
        "requests_per_second": round(facts.requests_per_second, 1),
        "percentiles_milliseconds": _percentiles(facts),
        "kinds": [asdict(kind) for kind in facts.kinds],
        "histogram_milliseconds": facts.histogram,
        "errors": facts.errors,
    }


def _percentiles(facts: LoadFacts) -> dict[str, int]:
    if not facts.histogram:
        return {}
    return {f"p{part * 100:g}": facts.percentile(part) for part in _PERCENTILES}


def _drawn(facts: LoadFacts) -> str:
    """Draw the histogram with a bar for each range of milliseconds."""
    lines, lower = [], 0
    longest = max((count for _, count in _buckets(facts)), default=0)
    for upper, count in _buckets(facts):
        bar = "#" * -(-count * _BAR // longest) if longest else ""
        ends = f"{lower}–{upper} ms" if upper else f"over {lower} ms"
        lines.append(f"{ends:>14} {count:>6} {bar}".rstrip())
        lower = upper
    shown = ", ".join(f"{name} {value} ms" for name, value in _percentiles(facts).items())
    return "\n".join([*lines, "", shown or "nothing was answered"])


def _buckets(facts: LoadFacts) -> list[tuple[int, int]]:
    """Return (upper end, requests); 0 stands for no upper end."""
    found, lower = [], -1
    for upper in (*_BUCKETS, 0):
        inside = [n for ms, n in facts.histogram if lower < ms and (not upper or ms <= upper)]
        found.append((upper, sum(inside)))
        lower = upper
    while len(found) > 1 and not found[-1][1]:
        found.pop()
    return found
