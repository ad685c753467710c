"""Sends the stated load to the system, and compares what it measures with the requirements."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.performance.drivers.load import LoadProfile, LoadTarget, send_load
from acceptance.domains.performance.histogram import draw_histogram, percentiles
from acceptance.domains.performance.requirements import FILE, read_performance
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.domains.performance.drivers.load import LoadFacts
    from acceptance.domains.performance.requirements import Load, Performance
    from acceptance.system import System


@dataclass(frozen=True)
class LoadMeasurement:
    """The requirements, what was measured under the load, and which pods served it."""

    required: Performance
    before: tuple[str, ...]
    """The backend pods that were ready when the load began."""
    after: tuple[str, ...]
    """The backend pods that were ready when it had ended."""
    facts: LoadFacts


class LoadTester(ClusterActor):
    """Sends as many visitors as the requirements state, and judges the response times."""

    def read_requirements(self) -> Performance:
        """Return the requirements. Raises `BrokenInput` if they are missing or impossible."""
        required = read_performance(self.system.sources / FILE)
        self._keep("Performance requirements", pretty(asdict(required)))
        return required

    def measure(self, required: Performance) -> LoadMeasurement:
        """Send the load once the system is at full strength, or at the deadline."""
        backend, limits = self.system.workloads.backend, self._timeouts
        with (
            self._waking() as wake,
            suppress(DeadlineExceeded),
        ):  # what is not ready by then is judged
            eventually(
                self._workloads,
                self._at_full_strength,
                timeout=limits.recovery,
                wake=wake,
            )
        before = self.serving(backend)
        facts = send_load(
            _profile(required.load),
            _target(self.system),
            patience=limits.request,
            timeout=limits.load,
        )
        measured = LoadMeasurement(required, before, self.serving(backend), facts)
        self._keep("Load measurement", pretty(_figures(measured)))
        self._keep("Response times", draw_histogram(facts), "text")
        return measured

    def assert_replicas(self, measured: LoadMeasurement) -> None:
        """As many backend pods as required served the load, and they were the same throughout."""
        wanted = measured.required.load.replicas
        require(
            len(measured.before) == wanted,
            f"{len(measured.before)} backend pods are ready, and the requirements state {wanted}.",
        )
        require(
            set(measured.after) == set(measured.before),
            f"The backend pods changed under the load, from {', '.join(measured.before)} "
            f"to {', '.join(measured.after) or 'none'}.",
        )

    def assert_enough_requests(self, measured: LoadMeasurement) -> None:
        """There were enough requests to judge."""
        sent, least = measured.facts.requests, measured.required.thresholds.least_requests
        require(
            sent >= least,
            f"Only {sent} requests were sent, and fewer than {least} prove nothing.",
        )

    def assert_p95(self, measured: LoadMeasurement) -> None:
        """The 95th percentile of the response times is within its limit."""
        require(measured.facts.histogram, "No request was answered, so nothing was measured.")
        found, most = measured.facts.percentile(0.95), measured.required.thresholds.p95_milliseconds
        require(
            found <= most,
            f"The 95th percentile of the response times is {found} ms, above the {most:g} ms "
            "that are allowed.",
        )

    def assert_throughput(self, measured: LoadMeasurement) -> None:
        """As many requests as required were answered in a second."""
        found = measured.facts.requests_per_second
        least = measured.required.thresholds.requests_per_second
        require(
            found >= least,
            f"{found:.1f} requests were answered in a second, and {least:g} are required.",
        )

    def assert_error_rate(self, measured: LoadMeasurement) -> None:
        """No more requests failed than allowed."""
        found, most = measured.facts.error_rate, measured.required.thresholds.error_rate
        require(
            found <= most,
            f"{measured.facts.failures} of {measured.facts.requests} requests failed "
            f"({found:.2%}), above the {most:.2%} that are allowed: "
            f"{listed(measured.facts.errors) or 'no reason is known'}.",
        )


def _profile(load: Load) -> LoadProfile:
    return LoadProfile(
        visitors=load.visitors,
        arrivals_per_second=load.arrivals_per_second,
        seconds=load.seconds,
        think_seconds=load.think_seconds,
        mix=dict(load.mix),
    )


def _target(system: System) -> LoadTarget:
    """Return the ingress by its address, with the system's scheme and name."""
    literal = f"[{system.address}]" if ":" in system.address else system.address
    return LoadTarget(
        origin=f"{'https' if system.secure else 'http'}://{literal}:{system.port}",
        host=system.host,
        authority=system.authority if system.secure else None,
        routes=tuple(
            system.contract.part(f"routes.{name}")
            for name in ("page", "checkouts", "checkout", "items", "payment")
        ),
    )


def _figures(measured: LoadMeasurement) -> dict[str, object]:
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
        "percentiles_milliseconds": percentiles(facts),
        "kinds": [asdict(kind) for kind in facts.kinds],
        "histogram_milliseconds": facts.histogram,
        "errors": facts.errors,
    }
