"""Compares what a panel has counted with what visitors did."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.promql import (
    COUNTING,
    Aggregation,
    Call,
    Selector,
    children,
    counts,
    increased,
    selectors,
)
from acceptance.judgement import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.domains.observability.drivers.prometheus import Sample
    from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries
    from acceptance.domains.observability.drivers.promql import Tree

MANY = float("inf")
_BOUND, _ALL = "le", "+Inf"
_SUCCESS = "200"


@dataclass(frozen=True)
class Event:
    """Something that visitors or probes did, and how often: from `low` to `high` times."""

    kind: str
    """What the feature calls it: requests, paid checkouts …"""
    job: str
    """By whose metrics it is counted."""
    labels: tuple[tuple[str, str], ...]
    low: float
    high: float
    sent: bool = True
    """Whether visitors of the scenario did it, and it has to be counted."""

    def under(self, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return those labels that have one of the names."""
        return tuple(each for each in self.labels if each[0] in names)

    def selected(self, selector: Selector) -> bool:
        """Whether a selector counts it; labels that it does not have are not judged."""
        own = dict(self.labels)
        return all(m.accepts(own[m.label]) for m in selector.matchers if m.label in own)


@dataclass(frozen=True)
class CountingPart:
    """A part of a query that counts with one selector, and what it counted of the scenario."""

    query: str
    """What was asked: the exact increase in the place of each rate."""
    selector: Selector
    samples: tuple[Sample, ...]
    refused: str


def read_parts(
    tree: Tree, prometheus: PrometheusQueries, window: tuple[float, float]
) -> tuple[CountingPart, ...]:
    """Return what each counting part of a query has counted from one Unix time to another."""
    found = []
    for part in _parts(tree):
        answer = prometheus.evaluate(increased(part, *window), window[1])
        samples = [each for each in answer.samples if each.label(_BOUND) in {"", _ALL}]
        selector = next(selectors(part))
        found.append(CountingPart(answer.query, selector, tuple(samples), answer.refused))
    return tuple(found)


def faults_of_counts(
    parts: Sequence[CountingPart], kinds: Sequence[str], events: Sequence[Event]
) -> list[str]:
    """Say what was not counted as it happened.

    Each part has to count one of `kinds`, and each kind has to be counted by a part.
    """
    if not parts:
        return ["it counts nothing: no query has the rate of a counter"]
    left, faults = set(kinds), []
    for part in parts:
        found = {kind: _faults_of_part(part, kind, events) for kind in kinds}
        fitting = [kind for kind in kinds if not found[kind]]
        left -= set(fitting)
        if not fitting:
            faults.append(listed(min(found.values(), key=len)))
    return faults or [f"no query of it counts {kind}" for kind in kinds if kind in left]


def _faults_of_part(part: CountingPart, kind: str, events: Sequence[Event]) -> list[str]:
    job = part.selector.matched("job")
    own = [each for each in events if (each.kind, each.job) == (kind, job)]
    if part.refused:
        return [f"{part.query} is refused: {part.refused}"]
    if not own:
        return [f"{part.selector.metric} of the job {job or '(any)'} does not count {kind}"]
    lost = [_named(e.labels) for e in own if e.sent and not e.selected(part.selector)]
    if lost:
        return [f"{part.selector.metric} leaves out {each} of the {kind}" for each in lost]
    names = sorted({name for event in own for name, _ in event.labels})
    used = [name for name in names if any(each.label(name) for each in part.samples)]
    counted: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)
    for each in part.samples:
        counted[tuple((name, each.label(name)) for name in used)] += each.value
    limits: dict[tuple[tuple[str, str], ...], tuple[float, float]] = {}
    for event in (each for each in own if each.selected(part.selector)):
        low, high = limits.get(event.under(used), (0.0, 0.0))
        limits[event.under(used)] = (low + event.low, high + event.high)
    return [
        f"{_named(key) or 'in all'}: {_range(low, high)} {kind}, and it counted "
        f"{counted.get(key, 0):g}"
        for key in sorted({*counted, *limits})
        for low, high in [limits.get(key, (0.0, 0.0))]
        if not low <= counted.get(key, 0.0) <= high
    ]


def _parts(tree: Tree) -> Iterator[Tree]:
    """Yield the largest parts of a query that count with one selector and end in numbers of it."""
    own = len(list(selectors(tree))) == 1
    rising = isinstance(tree, Aggregation) or (isinstance(tree, Call) and tree.name in COUNTING)
    if own and rising and counts(tree):
        yield tree
        return
    for each in children(tree):
        yield from _parts(each)


def _named(labels: Sequence[tuple[str, str]]) -> str:
    return " ".join(value for _, value in labels)


def _range(low: float, high: float) -> str:
    if low == high:
        return f"{low:g}"
    return f"at least {low:g}" if high == MANY else f"{low:g} to {high:g}"


def events_of(
    requests: Mapping[str, int],
    events: Mapping[str, int],
    refusals: Mapping[str, int],
    probed: Mapping[str, float],
    jobs: tuple[str, str, str],
) -> tuple[Event, ...]:
    """Return what happened, as each of the `jobs` backend, ingress and database counts it.

    `requests` and `probed` are by method, route and status, joined by a blank: what visitors sent,
    and what the backend answered to others. `refusals` are by their reason.
    """
    backend, ingress, database = jobs
    found: list[Event] = []
    for sent, table in ((True, requests), (False, probed)):
        for key, number in table.items():
            method, route, status = key.split(" ")
            kinds = ["requests"] + (["failed requests"] if status.startswith("5") else [])
            labels = (("method", method), ("route", route), ("status", status))
            found += [Event(k, backend, labels, number, number, sent) for k in kinds]
            if sent:
                seen = (("code", status), ("method", method))
                found += [Event(k, ingress, seen, number, number) for k in kinds]
    # Probes, and whoever asks for the page, come through the ingress too.
    others = (("code", _SUCCESS), ("method", "GET"))
    found.append(Event("requests", ingress, others, 0, MANY, sent=False))
    found += [Event(f"{what} checkouts", backend, (), n, n) for what, n in events.items()]
    found += [
        Event("refused changes", backend, (("reason", reason),), number, number)
        for reason, number in refusals.items()
    ]
    made = sum(n for key, n in requests.items() if key.startswith("POST") and " 20" in key)
    failed = sum(refusals.values()) + sum(n for key, n in requests.items() if " 50" in key)
    # The database does more than visitors ask for: it answers probes, and cares for its tables.
    found += [
        Event("transactions", database, (), made, MANY),
        Event("added rows", database, (), made, MANY),
        Event("changed rows", database, (), events.get("paid", 0), MANY),
        Event("deleted rows", database, (), 0, MANY),
        Event("rolled back transactions", database, (), failed, MANY),
    ]
    return tuple(found)
