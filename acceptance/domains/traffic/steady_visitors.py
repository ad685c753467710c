"""Keeps visitors coming while the system is disturbed, and checks that all of them were served."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.checkout_api import first_page, second_page
from acceptance.drivers.http import SteadyTraffic
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply, TrafficFacts

_RATE = 50.0  # requests in a second: a gap of 40 ms shows, and two replicas are not busy
_MOST = 9000  # bounds a scenario that hangs
_PAGING_RATE = 20.0
_PAGING_MOST = 16_000
_FEWEST = 10  # fewer prove nothing about a loss


class SteadyVisitors(IngressActor):
    """Sends requests at a steady rate until the scenario ends, and checks the answers."""

    def send_requests(self, role: str) -> SteadyTraffic:
        """Start sending requests to the backend or the frontend, by its role."""
        self._until_success(lambda: self._api.visit(role))
        return self._begun(SteadyTraffic(lambda: self._api.visit(role), rate=_RATE, most=_MOST))

    def turn_pages(self) -> SteadyTraffic:
        """Start reading the first and the second page of the list of checkouts in turn.

        One pod hands out the cursor of the next page, and any other has to accept it.
        """
        for _ in range(2):  # there has to be a second page
            created = self._api.create(f"Visitor {uuid.uuid4().hex[:8]}")
            require(created.succeeded, f"The visitor was refused: {created}.")
        first = self._until_success(self._api.first_page)
        path = first_page(self.system.contract)
        require(second_page(first, path), f"{path} leads to no next page.")
        pages = self._api.pages_in_turn()
        return self._begun(SteadyTraffic(pages, rate=_PAGING_RATE, most=_PAGING_MOST))

    def assert_served(self, seen: TrafficFacts) -> None:
        """Every request was answered, and there were enough to tell."""
        self._keep("Traffic meanwhile", pretty(_summary(seen)))
        require(
            len(seen.replies) >= _FEWEST,
            f"Only {len(seen.replies)} visitors came, and fewer than {_FEWEST} prove nothing.",
        )
        _require_served(seen)

    def assert_served_until_now(self, traffic: SteadyTraffic) -> None:
        """Stop the traffic: every request was answered, by more than one pod, until the end."""
        seen = self._stopped(traffic, "Steady traffic")
        _require_served(seen)
        pods = {reply.served_by for reply in seen.replies}
        require(len(pods) > 1, f"All requests were served by {', '.join(pods)}: nothing took over.")

    def assert_few_failed(self, traffic: SteadyTraffic, most: int) -> None:
        """Stop the traffic: at most `most` requests failed, and none of the last ones."""
        _require_few_failed(self._stopped(traffic, "Steady traffic"), most, "requests")

    def _stopped(self, traffic: SteadyTraffic, title: str) -> TrafficFacts:
        """Stop the traffic a little after now, unless it is stopped; keep what came of it."""
        at_return = traffic.count
        if not traffic.stopped:
            eventually(
                lambda: traffic.count,
                lambda count: count >= min(at_return + _FEWEST, traffic.most),
                timeout=self._timeouts.request,
                what="visitors still come after the recovery",
                describe=lambda count: f"{count} requests were sent",
            )
        seen = traffic.stop()
        self._keep(title, pretty(_summary(seen)))
        require(
            len(seen.replies) < traffic.most,
            f"The visitors stopped after {traffic.most} requests, before the system had recovered.",
        )
        return seen

    def _begun(self, traffic: SteadyTraffic) -> SteadyTraffic:
        self._undo.callback(traffic.stop)
        eventually(
            lambda: traffic.count,
            lambda count: count >= _FEWEST,
            timeout=self._timeouts.request,
            what="the first visitors are served",
            describe=lambda count: f"{count} requests were answered",
        )
        return traffic


def _require_served(seen: TrafficFacts) -> None:
    def fault(reply: Reply) -> str | None:
        return None if reply.succeeded else f"A visitor was not served: {reply}"

    require_each(seen.replies, fault, nothing="No visitor came, so nothing is known.")


def _require_few_failed(seen: TrafficFacts, most: int, what: str) -> None:
    failed = [reply for reply in seen.replies if not reply.succeeded]
    require(
        len(failed) <= most,
        f"{len(failed)} of {len(seen.replies)} {what} failed, and at most {most} may: "
        f"{listed([str(reply) for reply in failed])}.",
    )
    require_each(
        seen.replies[-_FEWEST:],
        lambda reply: None if reply.succeeded else f"After the recovery: {reply}",
        nothing="No visitor came, so nothing is known.",
    )


def _summary(seen: TrafficFacts) -> dict[str, object]:
    served: dict[str, int] = {}
    for reply in seen.replies:
        if not reply.named_by:
            continue  # that visitors are served is known without their pods' names
        served[reply.served_by] = served.get(reply.served_by, 0) + 1
    return {
        "requests": len(seen.replies),
        "seconds": round(seen.seconds, 3),
        "slowest_seconds": round(max((r.seconds for r in seen.replies), default=0.0), 3),
        "served_by": served,
        "failures": [str(reply) for reply in seen.replies if not reply.succeeded],
    }
