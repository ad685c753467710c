"""The visitor: uses the system by its name, as everybody does, over HTTP and in a browser."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.actor import Actor, ActorContext
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.http import SteadyTraffic
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require, require_each
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.http import Reply, TrafficFacts

CHECKOUTS = "/api/checkouts"
_RATE = 50.0  # requests in a second: a gap of 40 ms shows, and two replicas are not busy
_MOST = 9000  # bounds a scenario that hangs
_PAGING_RATE = 20.0
_PAGING_MOST = 16_000
_FEWEST = 10  # fewer prove nothing about a loss


@dataclass(frozen=True)
class Purchase:
    """A checkout that a visitor made, as the service told it."""

    id: str
    told: Any


@dataclass(frozen=True)
class Meeting:
    """Which pods served visitors, of those that were ready."""

    ready: tuple[str, ...]
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class Welcome:
    """What a visitor found at the system's name."""

    page: Reply
    service: Reply


class Visitor(Actor):
    """Somebody with a browser, who knows the system by name only."""

    def __init__(self, context: ActorContext) -> None:
        """Come to the system as everybody does."""
        super().__init__(context)
        self._http = reach(self.system, timeout=self._timeouts.request)
        self._undo.callback(self._http.close)

    def collect(self) -> None:
        """Keep the last answer, of a scenario that failed."""
        if self._http.last is not None:
            self._keep("Last response", _transcript(self._http.host, self._http.last), "text")

    def start_checkout(self) -> Purchase:
        """Create a checkout with two items."""
        created = self._expect("POST", CHECKOUTS, {"customer": f"Visitor {uuid.uuid4().hex[:8]}"})
        found = created.json()
        require(
            isinstance(found, dict) and found.get("id"),
            f"The new checkout has no id: {created}.",
        )
        path = f"{CHECKOUTS}/{found['id']}"
        for sku, quantity, price in (("TEA-1", 2, 350), ("CUP-2", 1, 1250)):
            item = {"sku": sku, "name": sku, "quantity": quantity, "unit_price_cents": price}
            self._expect("POST", f"{path}/items", item)
        told = self._expect("GET", path).json()
        require(len(told.get("items", ())) == 2, f"The checkout {path} did not keep two items.")  # noqa: PLR2004
        self._keep("Checkout as written", pretty(told))
        return Purchase(found["id"], told)

    def pay_checkout(self, purchase: Purchase) -> Purchase:
        """Pay a checkout, and return it as it is told then."""
        path = f"{CHECKOUTS}/{purchase.id}"
        body = {"amount_cents": purchase.told.get("total_cents")}
        reply = self._http.send(
            "POST", f"{path}/payment", body=body, headers={"Idempotency-Key": uuid.uuid4().hex}
        )
        require(reply.succeeded, f"The visitor could not pay: {reply}.")
        told = self._expect("GET", path).json()
        require(told.get("status") == "paid", f"The checkout {path} is not paid: {told}.")
        self._keep("Checkout as paid", pretty(told))
        return Purchase(purchase.id, told)

    def miss_checkout(self, purchase: Purchase) -> None:
        """A checkout is not to be found: the service says so."""
        reply = self._http.send("GET", f"{CHECKOUTS}/{purchase.id}")
        require(reply.status == 404, f"The checkout is still there: {reply}.")  # noqa: PLR2004

    def come_once(self) -> str:
        """Ask for the list of checkouts under a request id of one's own, and return the id."""
        self._settled(CHECKOUTS)
        chosen = f"acceptance-{uuid.uuid4().hex}"
        reply = self._http.send("GET", CHECKOUTS, headers={"X-Request-Id": chosen})
        self._keep("The visit", _transcript(self._http.host, reply), "text")
        require(reply.succeeded, f"The visitor was refused: {reply}.")
        said = reply.header("x-request-id")
        require(said == chosen, f"The backend calls the request {said!r} and not {chosen!r}.")
        return chosen

    def judge_unnoticed(self, seen: TrafficFacts) -> None:
        """Every visitor was answered, and there were visitors enough to tell."""
        self._keep("Traffic meanwhile", pretty(_summary(seen)))
        require(
            len(seen.replies) >= _FEWEST,
            f"Only {len(seen.replies)} visitors came, and fewer than {_FEWEST} prove nothing.",
        )
        require_each(
            seen.replies,
            lambda reply: None if reply.succeeded else f"A visitor was not served: {reply}",
            nothing="No visitor came, so nothing is known.",
        )

    def find_checkout(self, purchase: Purchase) -> None:
        """Read a checkout again: it is what it was."""
        path = f"{CHECKOUTS}/{purchase.id}"
        reply = self._settled(path)
        self._keep("Checkout as read again", reply.text)
        require(reply.succeeded, f"The checkout is not there any more: {reply}.")
        require(reply.json() == purchase.told, f"The checkout {path} is not what was written.")

    def keep_coming(self, workload: str) -> SteadyTraffic:
        """Let visitors come steadily to a workload until the scenario ends."""
        path = self._path(workload)
        self._settled(path)
        return self._begun(SteadyTraffic(self._http, path, rate=_RATE, most=_MOST))

    def keep_paging(self) -> SteadyTraffic:
        """Let visitors read the list until the scenario ends, and turn from page to page.

        What one pod handed out to lead to the next page, any other may have to recognise.
        """
        for _ in range(2):  # without a second page nobody turns to it
            self._expect("POST", CHECKOUTS, {"customer": f"Visitor {uuid.uuid4().hex[:8]}"})
        first = f"{CHECKOUTS}?limit=1"
        require(_next_page(self._settled(first)), f"{first} leads to no next page.")
        return self._begun(
            SteadyTraffic(
                self._http, first, rate=_PAGING_RATE, most=_PAGING_MOST, follow=_next_page
            )
        )

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

    def judge_served(self, traffic: SteadyTraffic) -> None:
        """Every visitor was answered, and there were visitors enough to tell."""
        at_return = traffic.count
        eventually(
            lambda: traffic.count,
            lambda count: count >= min(at_return + _FEWEST, traffic.most),
            timeout=self._timeouts.request,
            what="visitors still come after the recovery",
            describe=lambda count: f"{count} requests were sent",
        )
        seen = traffic.stop()
        self._keep("Steady traffic", pretty(_summary(seen)))
        require(
            len(seen.replies) < traffic.most,
            f"The visitors stopped after {traffic.most} requests, before the system had recovered.",
        )
        require_each(
            seen.replies,
            lambda reply: None if reply.succeeded else f"A visitor was not served: {reply}",
            nothing="No visitor came, so nothing is known.",
        )
        pods = {reply.served_by for reply in seen.replies}
        require(len(pods) > 1, f"All requests were served by {', '.join(pods)}: nothing took over.")

    def meet_all(self, workload: str, ready: Sequence[str]) -> Meeting:
        """Send requests until each of the ready pods has answered one, or the time is over."""
        self._settled(self._path(workload))
        replies: list[Reply] = []

        def send() -> set[str]:
            replies.append(self._http.send("GET", self._path(workload)))
            return {reply.served_by for reply in replies}

        # A pod that became ready a moment ago is known to the ingress a moment later.
        with suppress(DeadlineExceeded):
            eventually(send, lambda served: set(ready) <= served, timeout=self._timeouts.ingress)
        meeting = Meeting(tuple(ready), tuple(replies))
        counts: dict[str, int] = {}
        for reply in replies:
            counts[reply.served_by or str(reply)] = counts.get(reply.served_by or str(reply), 0) + 1
        self._keep("Who served visitors", pretty({"ready": ready, "served": counts}))
        return meeting

    def judge_meeting(self, meeting: Meeting) -> None:
        """Every ready pod served a visitor, and nobody else did."""
        served = {reply.served_by for reply in meeting.replies if reply.succeeded}
        require(len(meeting.ready) > 1, f"There are not two ready pods: {meeting.ready}.")
        require_each(
            meeting.ready,
            lambda pod: None if pod in served else f"{pod} is ready and served no visitor",
            nothing="No pod is ready.",
        )
        require_each(
            meeting.replies,
            lambda reply: None if reply.succeeded else f"A visitor was not served: {reply}",
            nothing="No visitor came.",
        )

    def open_by_name(self) -> Welcome:
        """Ask for the page and for the service at the system's name."""
        welcome = Welcome(self._settled("/"), self._settled(CHECKOUTS))
        for title, reply in (("The page", welcome.page), ("The service", welcome.service)):
            self._keep(f"{title} by name", _transcript(self._http.host, reply), "text")
        return welcome

    def judge_page(self, page: Reply, frontend_pods: Sequence[str]) -> None:
        """The page is HTML and comes from a pod of the frontend."""
        require(page.succeeded and page.media_type == "text/html", f"There is no page: {page}.")
        require(
            page.served_by in frontend_pods,
            f"The page came from {page.served_by or 'a server without a name'}, "
            f"which is none of {', '.join(frontend_pods)}.",
        )

    def judge_service(self, service: Reply, backend_pods: Sequence[str]) -> None:
        """The service speaks JSON and answers from a pod of the backend."""
        require(
            service.succeeded and service.media_type == "application/json",
            f"The service does not answer: {service}.",
        )
        require(
            service.served_by in backend_pods,
            f"The service was answered by {service.served_by or 'a server without a name'}, "
            f"which is none of {', '.join(backend_pods)}.",
        )

    def ask_unknown_host(self) -> tuple[Reply, Reply]:
        """Send the same request to the known and to an unknown host: (known, unknown)."""
        known = self._settled("/")
        unknown = self._http.send("GET", "/", host=f"unknown-{uuid.uuid4().hex[:8]}.invalid")
        self._keep("An unknown host", _transcript("an unknown host", unknown), "text")
        return known, unknown

    def judge_refused(self, known: Reply, unknown: Reply) -> None:
        """The unknown host was answered with 404, where the known one got its page."""
        require(known.succeeded, f"The known host is not served either: {known}.")
        require(unknown.status == 404, f"The unknown host was not refused: {unknown}.")  # noqa: PLR2004

    def _path(self, workload: str) -> str:
        return CHECKOUTS if workload == self.system.workloads.backend else "/"

    def _expect(self, method: str, path: str, body: object = None) -> Reply:
        if method == "GET":
            return self._settled(path)
        reply = self._http.send(method, path, body=body)
        require(reply.succeeded, f"The visitor was refused: {reply}.")
        return reply

    def _settled(self, path: str) -> Reply:
        """Ask until the answer is a success or the ingress had its time.

        A scenario may follow one that disturbed the system.
        """
        replies: list[Reply] = []

        def ask() -> Reply:
            replies.append(self._http.send("GET", path))
            return replies[-1]

        try:
            return eventually(
                ask, lambda reply: reply.succeeded, timeout=self._timeouts.ingress, what=path
            )
        except DeadlineExceeded:
            return replies[-1]


def _next_page(reply: Reply) -> str:
    """Return the path of the second page after the first one; after any other, nothing."""
    found = reply.json()
    if "after=" in reply.request or not isinstance(found, dict) or not found.get("next"):
        return ""
    return f"{CHECKOUTS}?limit=1&after={found['next']}"


def _summary(seen: TrafficFacts) -> dict[str, object]:
    served: dict[str, int] = {}
    for reply in seen.replies:
        served[reply.served_by] = served.get(reply.served_by, 0) + 1
    return {
        "requests": len(seen.replies),
        "seconds": round(seen.seconds, 3),
        "slowest_seconds": round(max((r.seconds for r in seen.replies), default=0.0), 3),
        "served_by": served,
        "failures": [str(reply) for reply in seen.replies if not reply.succeeded],
    }


def _transcript(host: str, reply: Reply) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in reply.headers)
    status = reply.error or f"HTTP {reply.status}"
    return f"{reply.request}\nHost: {host}\n\n{status}\n{head}\n\n{reply.text}"
