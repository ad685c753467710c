"""Sends known requests, and checks that Prometheus has counted exactly these."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.domains.observability.metrics.known_traffic import KnownTraffic
from acceptance.domains.traffic import Visitor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import SYSTEM_CLOCK, DeadlineExceeded, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.domains.observability.drivers.prometheus import Prometheus, Samples

_REQUESTS, _SECONDS = "http_requests_total", "http_request_duration_seconds"
_CHECKOUTS = {"created": "checkouts_created_total", "paid": "checkouts_paid_total"}
_ROUTE = "/api/checkouts/"
"""What the routes that are counted begin with. Probes ask for the list itself all the time."""


@dataclass(frozen=True)
class CounterState:
    """What Prometheus has counted of the backend, over all of its pods."""

    requests: tuple[tuple[str, float], ...]
    """By method, route and status, joined by a blank."""
    durations: tuple[tuple[str, float], ...]
    """The number of measured requests, by method and route."""
    seconds: float
    """All measured seconds of the routes that are counted."""
    checkouts: tuple[tuple[str, float], ...]
    """By what happened: created, paid."""


@dataclass(frozen=True)
class SentRequests:
    """What visitors sent and how it was answered, and what Prometheus counted meanwhile."""

    requests: tuple[tuple[str, int], ...]
    """By method, route and status."""
    checkouts: tuple[tuple[str, int], ...]
    seconds: float
    """The seconds that the visitors waited, in sum."""
    before: CounterState
    after: CounterState


class TrafficCounter(MetricsOperator, Visitor):
    """Is the only visitor for a while, and knows what was sent."""

    def note_counters(self) -> CounterState:
        """Return what Prometheus has counted, once two scrapes agree.

        It is a failed check if Prometheus does not answer or has counted nothing; raises
        `Unverifiable` if it keeps counting.
        """
        client = self.prometheus()
        self._await_first_scrape(client)
        last: list[CounterState] = [self._counters(client)]
        pause = self._interval(client)

        def look() -> bool:
            SYSTEM_CLOCK.pause(pause)
            last.append(self._counters(client))
            return last[-1] == last[-2]

        try:
            eventually(look, bool, timeout=self._timeouts.observation)
        except DeadlineExceeded as error:
            message = "The counters never rest: somebody else sends requests to the backend."
            raise Unverifiable(message) from error
        return last[-1]

    def send_known_requests(self, before: CounterState) -> SentRequests:
        """Send a known number of requests; wait until Prometheus has counted as many."""
        traffic = self._known_traffic()
        traffic.send_all()
        return self._await_counted(traffic, before)

    def _known_traffic(self) -> KnownTraffic:
        """Return the traffic to send; the API has to describe itself."""
        reply = self._until_success(self._api.openapi_document)
        document = reply.json()
        if not isinstance(document, dict) or "paths" not in document:
            raise AssertionError(f"The API does not describe its routes: {reply}.")
        return KnownTraffic(self._api, document)

    def _await_counted(self, traffic: KnownTraffic, before: CounterState) -> SentRequests:
        """Wait until Prometheus has counted the traffic, or until the deadline."""
        client = self.prometheus()

        def look() -> SentRequests:
            return SentRequests(
                tuple(sorted(traffic.requests.items())),
                tuple(sorted(traffic.events.items())),
                traffic.seconds,
                before,
                self._counters(client),
            )

        last_seen(look, _agrees, timeout=self._timeouts.observation)
        # A pod that was scraped last may still add to it.
        SYSTEM_CLOCK.pause(self._interval(client))
        found = look()
        self._keep("Requests sent and counted", pretty(asdict(found)))
        return found

    def assert_requests_counted(self, sent: SentRequests) -> None:
        """Prometheus has counted each request once, under its method, route and status."""
        require(sent.requests, "No request was sent.")
        faults = _differences(
            {key: n for key, n in sent.requests if _ROUTE in key},
            _risen(sent.before.requests, sent.after.requests),
            "requests",
        )
        require(not faults, listed(faults))

    def assert_checkouts_counted(self, sent: SentRequests) -> None:
        """Prometheus has counted each checkout that was created, and each that was paid, once."""
        require(sent.checkouts, "No checkout was made.")
        risen = _risen(sent.before.checkouts, sent.after.checkouts)
        faults = _differences(dict(sent.checkouts), risen, "checkouts")
        require(not faults, listed(faults))

    def assert_durations_measured(self, sent: SentRequests) -> None:
        """Each request was measured once, in seconds: not longer than the visitors waited."""
        wanted: Counter[str] = Counter()
        for key, count in sent.requests:
            if _ROUTE in key:
                wanted[key.rpartition(" ")[0]] += count
        risen = _risen(sent.before.durations, sent.after.durations)
        faults = _differences(wanted, risen, "measured requests")
        require(not faults, listed(faults))
        measured = sent.after.seconds - sent.before.seconds
        require(
            0 < measured <= sent.seconds,
            f"The backend measured {measured:.3f} s for requests for which the visitors waited "
            f"{sent.seconds:.3f} s: {_SECONDS} is not in seconds.",
        )

    def _counters(self, client: Prometheus) -> CounterState:
        job = self.system.workloads.backend
        requests = client.total(_REQUESTS, job, "method", "route", "status")
        durations = client.total(f"{_SECONDS}_count", job, "method", "route")
        seconds = client.total(f"{_SECONDS}_sum", job, "route")
        events = {event: client.total(name, job) for event, name in _CHECKOUTS.items()}
        for answer in (requests, durations, seconds, *events.values()):
            if answer.refused:
                message = f"Prometheus does not answer {answer.query}: {answer.refused}."
                raise AssertionError(message)
            require(answer.samples, f"Prometheus has nothing for {answer.query}.")
        return CounterState(
            _counted(requests, "method", "route", "status"),
            _counted(durations, "method", "route"),
            sum(each.value for each in seconds.samples if _ROUTE in each.label("route")),
            tuple((event, found.samples[0].value) for event, found in events.items()),
        )

    def _await_first_scrape(self, client: Prometheus) -> None:
        """Wait until Prometheus has scraped all of the backend, or until the deadline.

        It may be new, or have been started again: then what it says was so before that.
        """
        job = self.system.workloads.backend

        def look() -> bool:
            own = [each for each in client.targets().targets if each.job == job]
            scraped = bool(own) and all(each.up for each in own)
            return scraped and bool(client.total(_REQUESTS, job).samples)

        last_seen(look, bool, timeout=self._timeouts.observation)

    def _interval(self, client: Prometheus) -> float:
        """Return the seconds from one scrape of the backend to the next."""
        own = [e for e in client.targets().targets if e.job == self.system.workloads.backend]
        if not own or not own[0].interval:
            raise AssertionError("Prometheus does not scrape the backend.")
        return own[0].interval


def _counted(found: Samples, *labels: str) -> tuple[tuple[str, float], ...]:
    """Return the values of the counted routes by their labels, joined by a blank."""
    return tuple(
        sorted(
            (" ".join(each.label(name) for name in labels), each.value)
            for each in found.samples
            if each.label("route").startswith(_ROUTE)
        )
    )


def _risen(
    before: tuple[tuple[str, float], ...], after: tuple[tuple[str, float], ...]
) -> dict[str, float]:
    known = dict(before)
    return {key: value - known.get(key, 0) for key, value in after if value != known.get(key, 0)}


def _differences(wanted: Mapping[str, float], found: Mapping[str, float], what: str) -> list[str]:
    return [
        f"{key}: {wanted.get(key, 0):g} {what}, and Prometheus counted {found.get(key, 0):g}"
        for key in sorted({*wanted, *found})
        if wanted.get(key, 0) != found.get(key, 0)
    ]


def _agrees(sent: SentRequests) -> bool:
    wanted = {key: float(n) for key, n in sent.requests if _ROUTE in key}
    return _risen(sent.before.requests, sent.after.requests) == wanted
